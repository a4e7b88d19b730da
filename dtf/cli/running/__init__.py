"""``dtf run`` from its arguments to its exit status."""
