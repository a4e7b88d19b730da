"""The private cluster of a state directory: broker, ledger, coordinator and workers under one supervisor."""
