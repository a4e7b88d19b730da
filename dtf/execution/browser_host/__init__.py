"""The process that drives the browsers of a slot: one browser kept warm, one check after another."""
