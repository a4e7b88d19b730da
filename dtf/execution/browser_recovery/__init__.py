"""Brings a browser back after a failure: actions from the cheapest on, each verified by a probe."""
