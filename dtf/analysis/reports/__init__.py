"""Renders a run from the ledger: JUnit XML, JSON and Markdown. Pure: views in, text out."""
