"""Inserts that leave an existing row alone; the dialects spell them apart but alike."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection


def insert_ignoring(connection: Connection, table: Table, key: Sequence[str], values: Mapping[str, Any]) -> bool:
    """Insert a row unless one with the same key is there; return whether it was inserted."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return connection.execute(make(table).values(**values).on_conflict_do_nothing(index_elements=key)).rowcount == 1
