"""Models to measure: the built-in ones, their inputs, their precisions, and a reference for their outputs."""
