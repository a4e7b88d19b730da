"""What pages are told, topic by topic: pure functions of what was seen."""
