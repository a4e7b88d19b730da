"""Sees which processes compute on which device, as proof that an attempt ran where it says."""
