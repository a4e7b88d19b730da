"""The kinds of jobs, each a built-in plugin."""
