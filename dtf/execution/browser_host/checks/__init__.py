"""What is done in a browser: one file for each kind of check."""
