"""The pages of jobs, workers and hardware: the real dashboard over a real cluster, in a real browser."""
