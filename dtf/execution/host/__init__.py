"""Processes that execute jobs for the guardian: one for browsers, one for models, kept warm over many jobs."""
