"""A process that keeps a model loaded and measures it for the guardian."""
