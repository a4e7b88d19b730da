"""dtf's own pages."""
