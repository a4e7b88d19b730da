"""Brings a database's schema up to date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import exc

from dtf.domain.errors import LedgerUnavailableError
from dtf.storage.database import Database, normalise_url

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

__all__ = ["HEAD", "migrate", "normalise_url", "schema_is_current"]

#: The revision that this code needs: the newest one in ``migrations/versions``.
HEAD = "0007"

#: Any number that nothing else in the database uses as an advisory lock.
_LOCK = 4_919_021_611

_revision = sa.table("alembic_version", sa.column("version_num", sa.Text))


def migrate(url: str) -> None:
    """Bring the schema to ``HEAD``; quick when it is there. Several processes may do it at once.

    Raises:
        LedgerUnavailableError: The database did not answer, or belongs to a newer dtf.
        SettingsError: The URL cannot be used.
    """
    target = normalise_url(url)
    if target.get_backend_name() == "sqlite" and target.database:
        Path(target.database).parent.mkdir(parents=True, exist_ok=True)
    database = Database(url)
    try:
        if database.read(_current) != HEAD:
            database.write(_upgrade)
    finally:
        database.close()


def schema_is_current(url: str) -> bool:
    """Whether the schema is at ``HEAD``.

    Raises:
        LedgerUnavailableError: The database did not answer.
        SettingsError: The URL cannot be used.
    """
    database = Database(url)
    try:
        return database.read(_current) == HEAD
    finally:
        database.close()


def _current(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(sa.select(_revision.c.version_num))


def _upgrade(connection: Connection) -> None:
    """Run Alembic inside the given transaction: all steps or none."""
    # imported here, since it takes longer than everything else and is needed once in a database's life
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET LOCAL statement_timeout = '1h'; SET LOCAL lock_timeout = '5min'"))
        # Alembic reads its scripts in between
        connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = '5min'"))
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        if isinstance(error.__cause__, exc.SQLAlchemyError):
            raise error.__cause__ from error
        raise LedgerUnavailableError(f"the schema cannot be brought up to date: {error}") from error
