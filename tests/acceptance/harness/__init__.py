"""Starts the real command in a place of its own, and sees every process that it starts."""
