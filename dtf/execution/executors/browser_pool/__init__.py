"""The browsers of a worker: one for each slot, kept warm."""
