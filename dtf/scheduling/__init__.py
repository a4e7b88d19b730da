"""Which shard goes where, and when; pure decisions."""
