"""The dashboard: Flower's application with dtf's pages, which show the ledger and the workers."""
