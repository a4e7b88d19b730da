"""Stand-ins for vendors' drivers, written from their documentation; no GPU and no vendor's code is in them."""
