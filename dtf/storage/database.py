"""One database behind the ledger: engine, transactions, clock, and what differs between SQLite and Postgres."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from dtf.domain.errors import DtfError, LedgerUnavailableError, SettingsError

T = TypeVar("T")

_log = logging.getLogger(__name__)

#: How long a statement waits for another writer on Postgres, in seconds.
LOCK_WAIT_S = 15.0
#: The same on SQLite, where all writers wait for one: a process frozen with the lock for 15 s costs time, no work.
SQLITE_LOCK_WAIT_S = 30.0
#: How long Postgres leaves a transaction open whose client says nothing, in seconds: a frozen process gives its locks
#: back soon enough for another coordinator to lead within 12 s. What holds locks does no long work between statements.
IDLE_LIMIT_S = 5.0
#: How long a statement may take on Postgres, in seconds.
STATEMENT_LIMIT_S = 60.0

#: Postgres found a deadlock, or two transactions that cannot both go on: the transaction is simply run again.
_RUN_AGAIN = frozenset({"40P01", "40001"})
_MOST_RUNS = 6

#: The execution option that tells how a transaction begins on SQLite.
_BEGIN = "dtf_begin"


class RefusedError(DtfError):
    """The database refuses these data and will refuse them again."""


class now(FunctionElement[float]):  # noqa: N801  # reads as the SQL function that it stands for
    """The database's clock: seconds since the epoch as a float."""

    type = sa.Double()
    inherit_cache = True
    name = "now"


@compiles(now, "sqlite")
def _now_sqlite(*_: Any, **__: Any) -> str:  # noqa: ANN401  # SQLAlchemy's own signature
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _now_postgres(*_: Any, **__: Any) -> str:  # noqa: ANN401  # as above
    # clock_timestamp goes on inside a transaction: a lease is counted from the statement that takes it
    return "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"


def normalise_url(url: str) -> URL:
    """Parse a database URL and name the driver that dtf uses for it.

    A bare ``postgresql://`` would mean psycopg 3 to SQLAlchemy.

    Raises:
        SettingsError: It is no URL of a SQLite file or a Postgres database.
    """
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):
        # not repeated, cause included: it may hold a password
        raise SettingsError("the database URL cannot be parsed; it looks like postgresql://user@host/name") from None
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg2"):
        return parsed.set(drivername="postgresql+psycopg2")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        if not parsed.database or parsed.database == ":memory:":
            raise SettingsError("the ledger needs a SQLite file: sqlite:////absolute/path")
        return parsed.set(drivername="sqlite+pysqlite")
    raise SettingsError(f"the ledger cannot be kept in {parsed.drivername!r}; use sqlite or postgresql")


class Database:
    """Transactions on one database.

    Reads and writes are given as functions of a connection, so that a transaction that Postgres ended for a deadlock
    can be run again. No connection crosses a fork: a child that uses this object gets connections of its own.

    Attributes:
        postgres: Whether it is Postgres; SQLite otherwise.
    """

    def __init__(self, url: str) -> None:
        parsed = normalise_url(url)
        self.postgres = parsed.get_backend_name() == "postgresql"
        self._engine = _postgres_engine(parsed) if self.postgres else _sqlite_engine(parsed)
        self._pid = os.getpid()

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work``, which writes nothing, and return what it returns; its statements may see different states.

        Raises:
            LedgerUnavailableError: The database did not answer in time.
        """
        # on Postgres without a transaction, so that nothing is open while the rows are looked at
        options = {"isolation_level": "AUTOCOMMIT"} if self.postgres else {_BEGIN: "BEGIN"}
        return self._transact(work, options)

    def snapshot(self, work: Callable[[Connection], T]) -> T:
        """Like ``read``, with all statements seeing the same state."""
        options = {"isolation_level": "REPEATABLE READ"} if self.postgres else {_BEGIN: "BEGIN"}

        def unhurried(connection: Connection) -> T:
            take_time(connection)
            return work(connection)

        return self._transact(unhurried, options)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in a transaction, commit, and return what it returned. ``work`` may be run more than once.

        Raises:
            LedgerUnavailableError: Nothing was written, or the answer to the commit was lost.
            RefusedError: The database refuses the data.
        """
        return self._transact(work, {_BEGIN: "BEGIN IMMEDIATE"})

    def close(self) -> None:
        """Close all connections."""
        self._current().dispose()

    def _current(self) -> Engine:
        if os.getpid() != self._pid:
            # the parent's connections are the parent's: forget them without a word on their sockets
            self._engine.dispose(close=False)
            self._pid = os.getpid()
        return self._engine

    def _transact(self, work: Callable[[Connection], T], options: dict[str, Any]) -> T:
        engine = self._current()
        for run in range(1, _MOST_RUNS + 1):
            try:
                with engine.connect().execution_options(**options) as connection, connection.begin():
                    return work(connection)
            except (exc.StatementError, exc.TimeoutError, exc.DisconnectionError, DriverError) as error:
                if run == _MOST_RUNS or not _is_to_be_run_again(error):
                    raise _translated(error) from error
                _log.info("transaction run again after a conflict: run=%d", run)
            except (ValueError, OverflowError) as error:
                # what the drivers raise for text and numbers that they cannot write, outside their own errors
                raise RefusedError(f"the database driver refuses the data: {error}") from error
        raise AssertionError("unreachable")


def take_time(connection: Connection) -> None:
    """Let this transaction think for longer than ``IDLE_LIMIT_S`` between statements: others do not wait for it."""
    if connection.dialect.name == "postgresql":
        limit = int(STATEMENT_LIMIT_S * 1000)
        connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {limit}")


class DriverError(Exception):
    """An error of the driver outside SQLAlchemy's own calls (COPY); the cause is the driver's."""


def _is_to_be_run_again(error: Exception) -> bool:
    return getattr(_root(error), "pgcode", None) in _RUN_AGAIN


def _root(error: Exception) -> BaseException:
    """What the driver raised."""
    if isinstance(error, exc.DBAPIError) and error.orig is not None:
        return error.orig
    return error.__cause__ if isinstance(error, DriverError) and error.__cause__ is not None else error


#: What is the data's fault by the name of the driver's class; the drivers share the names of PEP 249.
_REFUSALS = frozenset({"DataError", "IntegrityError", "ValueError", "UnicodeEncodeError", "OverflowError"})


def _translated(error: Exception) -> DtfError:
    root = _root(error)
    text = " ".join(str(root).split())
    names = {kind.__name__ for kind in type(root).__mro__}
    if isinstance(error, exc.StatementError) and not isinstance(error, exc.DBAPIError):
        return RefusedError(f"the database driver refuses the data: {text}")
    if names & _REFUSALS:
        return RefusedError(f"the database refuses the data: {text}")
    if "no such table" in text or getattr(root, "pgcode", None) == "42P01":
        return LedgerUnavailableError(f"the database has no ledger yet (dtf init-db makes one): {text}")
    if getattr(root, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
        return LedgerUnavailableError(f"another process has kept the database locked for {SQLITE_LOCK_WAIT_S:g} s")
    if "OperationalError" in names and getattr(root, "pgcode", "") is None:
        return LedgerUnavailableError(f"the database cannot be reached: {text}")
    return LedgerUnavailableError(f"the database did not do its part: {text}")


#: Under which name the pool keeps which file a connection has open.
_FILE = "dtf_file"


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file stands at a path; None: none does."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _sqlite_engine(url: URL) -> Engine:
    file = Path(url.database or "").absolute()  # whatever directory the process is in later
    engine = sa.create_engine(
        url,
        connect_args={"timeout": SQLITE_LOCK_WAIT_S, "check_same_thread": False},
        pool_timeout=SQLITE_LOCK_WAIT_S,
        max_overflow=50,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:  # noqa: ANN401  # the driver's connection, and the pool's record
        connection.isolation_level = None  # transactions begin where we say so, not where the driver guesses
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            connection.execute("PRAGMA " + pragma)
        record.info[_FILE] = _identity(file)

    @event.listens_for(engine, "checkout")
    def check(_connection: object, record: Any, _proxy: object) -> None:  # noqa: ANN401  # as above
        # what is written to a file that was removed or replaced is lost with its last process: connect anew, or fail
        if record.info.get(_FILE) != _identity(file):
            raise exc.DisconnectionError("the ledger's file was removed or replaced")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN IMMEDIATE"))

    return engine


def _postgres_engine(url: URL) -> Engine:
    defaults: dict[str, Any] = {
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
        "application_name": "dtf",
        "client_encoding": "utf8",
    }
    arguments = {key: value for key, value in defaults.items() if key not in url.query}
    engine = sa.create_engine(
        url, connect_args=arguments, pool_pre_ping=True, pool_timeout=LOCK_WAIT_S, max_overflow=10
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401  # the driver's connection
        # by SET, not by the connection's options: a pooler between us refuses those
        limit, wait = int(STATEMENT_LIMIT_S * 1000), int(LOCK_WAIT_S * 1000)
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {limit}; SET lock_timeout = {wait}")
            cursor.execute(f"SET idle_in_transaction_session_timeout = {int(IDLE_LIMIT_S * 1000)}")
        connection.commit()

    return engine
