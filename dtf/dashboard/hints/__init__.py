"""Flower's words about dtf's tasks and its broker: a task is a hint, and what it came to is in the ledger."""
