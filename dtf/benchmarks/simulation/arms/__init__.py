"""What is compared: one breaker per file, behind one protocol."""
