"""Small computations that show whether a device can be trusted, each with an answer that is known beforehand."""
