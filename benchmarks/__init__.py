"""Measurements; each writes its report into ``benchmark_reports/``."""
