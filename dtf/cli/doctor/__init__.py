"""``dtf doctor``: looks at what dtf needs, one thing per check."""
