"""Reports of benchmarks: JSON, Markdown, and a page with plots that needs nothing else."""
