"""Benchmarks of dtf's own decisions: what the circuit breaker is worth, simulated and in real browsers."""
