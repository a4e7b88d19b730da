"""Many rows at once: COPY on Postgres, executemany on SQLite."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.engine import Connection

from dtf.storage.database import DriverError

#: Below this COPY's extra round trip does not pay.
_FEW = 20

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def insert_many(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same columns: text, numbers, booleans and None."""
    if not rows:
        return
    if connection.dialect.name == "postgresql" and len(rows) >= _FEW:
        _copy(connection, table, rows)
    else:
        connection.execute(table.insert(), list(rows))


def _copy(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = list(rows[0])
    quote = connection.dialect.identifier_preparer.quote
    statement = f"COPY {quote(table.name)} ({', '.join(map(quote, columns))}) FROM STDIN"
    lines = ("\t".join(_field(row[column]) for column in columns) + "\n" for row in rows)
    # encoded here: inside COPY a failure would look as if the server had ended it
    content = io.BytesIO("".join(lines).encode())
    driver = connection.connection.driver_connection
    if driver is None:
        raise DriverError("the connection was lost before COPY")
    try:
        with driver.cursor() as cursor:
            cursor.copy_expert(statement, content)
    except Exception as error:  # the driver's base class is importable only where the driver is
        raise DriverError(str(error)) from error


def _field(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value).translate(_ESCAPES)
