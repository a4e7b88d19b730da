"""Process trees: started with a mark of their owner, found again, and ended whole."""
