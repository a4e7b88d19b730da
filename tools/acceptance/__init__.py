"""The long acceptance runs; their short versions are tests."""
