"""What stands behind each figure of a page, counted plainly from the ledger's own tables, metric by metric."""
