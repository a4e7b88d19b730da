"""The ledger: runs, jobs, shards, attempts and cases in SQLite or Postgres."""

from dtf.storage.ledger.ledger import Ledger, open_ledger

__all__ = ["Ledger", "open_ledger"]
