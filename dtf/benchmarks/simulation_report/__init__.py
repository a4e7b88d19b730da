"""The benchmark by simulation: its runs at scale, and its report."""
