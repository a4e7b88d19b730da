"""Adapters that keep things: the ledger over SQLite and Postgres, blobs, and the message broker."""
