"""Writes to terminals, pipes and files whatever a test may be called or print."""
