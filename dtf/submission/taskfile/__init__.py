"""Reads task files: JSON and YAML, with the line of every mistake."""
