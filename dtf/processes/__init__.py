"""Processes of Linux: what the kernel knows of them, how they are tied together, and who waits for them."""
