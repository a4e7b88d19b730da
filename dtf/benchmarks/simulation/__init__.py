"""A discrete-event simulation of a laboratory whose targets break: what each breaker costs on the same faults and jobs.

Everything in it is simulated, and says so; nothing in it runs a test, and only the benchmark uses it.
"""
