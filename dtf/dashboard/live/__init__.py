"""What pages are told as it happens."""
