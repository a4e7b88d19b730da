"""Inserts that leave an existing row alone; the dialects spell them apart but alike."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table
from sqlalchemy.engine import Connection

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert


def insert_into(connection: Connection, table: Table) -> "PostgresInsert | SqliteInsert":
    """An insert that knows ``on_conflict_do_nothing``."""
    # only the dialect that is used is imported: a command pays for each import
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415  # as said

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415  # as said

    return sqlite.insert(table)


def insert_ignoring(connection: Connection, table: Table, key: Sequence[str], values: Mapping[str, Any]) -> bool:
    """Insert a row unless one with the same key is there; return whether it was inserted."""
    statement = insert_into(connection, table).values(**values).on_conflict_do_nothing(index_elements=key)
    return connection.execute(statement).rowcount == 1
