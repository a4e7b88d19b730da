"""Canaries: small real jobs of dtf's own that show whether a device, a browser or a worker can be trusted."""

from dtf.execution.canary.canary import Canary, Song

__all__ = ["Canary", "Song"]
