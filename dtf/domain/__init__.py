"""Values, events, errors and ports: what every other package may import and what imports none of them."""
