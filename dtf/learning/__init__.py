"""Learns from evidence what breakers should take for normal; the only package that imports River. It does no I/O."""
