"""The control loops of the coordinator."""
