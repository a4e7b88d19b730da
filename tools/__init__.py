"""Scripts for those who change dtf; none of them is installed."""
