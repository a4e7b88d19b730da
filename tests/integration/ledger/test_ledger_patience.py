"""How long the ledger waits for others, and what it says when it waited in vain."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from dtf.domain.errors import LedgerUnavailableError
from dtf.storage import database
from dtf.storage.database import now, take_time
from dtf.storage.ledger import Ledger, open_ledger
from dtf.storage.ledger.schema import runs
from dtf.storage.ledger.service_schema import leader
from tests.integration.ledger.laboratory import Laboratory, command
from tests.support.postgres import PostgresCluster


def _file(url: str) -> str:
    return url.removeprefix("sqlite:///")


@contextmanager
def _locked(url: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(_file(url), isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


def test_a_lock_of_fifteen_seconds_is_waited_for() -> None:
    """A process frozen with SQLite's lock for 15 s costs nobody an error."""
    assert database.SQLITE_LOCK_WAIT_S >= 2 * 15.0


def test_sqlite_says_that_it_is_locked(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A submission that waited in vain for the lock says so, and readers are not kept waiting."""
    monkeypatch.setattr(database, "SQLITE_LOCK_WAIT_S", 0.3)
    with closing(open_ledger(sqlite_url)) as ledger, _locked(sqlite_url):
        with pytest.raises(LedgerUnavailableError, match=r"another process has kept the database locked for 0\.3 s"):
            Laboratory(ledger).submit(command())
        assert ledger.views.runs() == []


def test_a_run_whose_command_speaks_at_the_last_moment_goes_on(sqlite_url: str) -> None:
    """The coordinator saw it overdue and waits for the lock; the sign of life that came first counts."""
    with closing(open_ledger(sqlite_url)) as ledger:
        lab = Laboratory(ledger)
        lab.submit(command(), attached=True)
        over = sa.update(runs).values(attached_until=now() - 1)
        ledger.database.write(lambda connection: connection.execute(over))
        term, cancelled = lab.term, []
        with _locked(sqlite_url) as connection:
            canceller = threading.Thread(target=lambda: cancelled.append(ledger.control.cancel_overdue(term)))
            canceller.start()
            time.sleep(0.5)
            connection.execute("UPDATE runs SET attached_until = attached_until + 3600")
            connection.execute("COMMIT")
            canceller.join(60)
        assert cancelled == [0]
        assert ledger.views.run(lab.run_id).reason == ""


def test_postgres_ends_a_transaction_whose_client_is_frozen(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its locks are free again, nothing of it was written, and the client hears of it when it wakes."""
    monkeypatch.setattr(database, "IDLE_LIMIT_S", 0.5)

    with closing(open_ledger(postgres_url)) as frozen, closing(open_ledger(postgres_url)) as other:
        lab = Laboratory(other)
        lab.submit(command())

        def work(connection: sa.Connection) -> None:
            connection.execute(sa.update(runs).values(name="never"))
            time.sleep(1.5)
            connection.execute(sa.update(runs).values(name="never"))

        with pytest.raises(LedgerUnavailableError):
            frozen.database.write(work)
        assert other.views.run(lab.run_id).name != "never"
        assert frozen.views.run(lab.run_id).jobs == 1, "the next transaction gets a new connection"


def test_what_holds_no_lock_may_think(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads, snapshots and a submission with very many jobs outlive a pause that would end another transaction."""
    monkeypatch.setattr(database, "IDLE_LIMIT_S", 0.3)

    def ponder(connection: sa.Connection) -> int:
        connection.execute(sa.select(now()))
        time.sleep(0.8)
        return int(connection.execute(sa.select(sa.literal(7))).scalar_one())

    def patient(connection: sa.Connection) -> int:
        take_time(connection)
        return ponder(connection)

    with closing(open_ledger(postgres_url)) as ledger:
        assert ledger.database.read(ponder) == 7
        assert ledger.database.snapshot(ponder) == 7
        assert ledger.database.write(patient) == 7
        with pytest.raises(LedgerUnavailableError):
            ledger.database.write(ponder)


def test_frozen_transactions_end_within_seconds(postgres_url: str) -> None:
    """The server itself is told to leave no transaction open for longer than 5 s."""
    with closing(open_ledger(postgres_url)) as ledger:
        shown = ledger.database.read(
            lambda connection: connection.scalar(sa.text("SHOW idle_in_transaction_session_timeout"))
        )
    assert shown == "5s"


_FROZEN_LEADER = """
import sys, time
import sqlalchemy as sa
from pathlib import Path
from dtf.storage.ledger import open_ledger
from dtf.storage.ledger.leadership import fence
ledger = open_ledger(sys.argv[1])
term = ledger.leadership.acquire("frozen", 10.0)
def work(connection):
    fence(connection, term)
    Path(sys.argv[2]).touch()
    time.sleep(600)
ledger.database.write(work)
"""


def test_a_leader_frozen_in_a_transaction_is_replaced(postgres_url: str, tmp_path: Path) -> None:
    """It holds its lock on the leader's row; another one leads about 10 s after its last renewal all the same."""
    mark = tmp_path / "holds"
    frozen = subprocess.Popen([sys.executable, "-c", _FROZEN_LEADER, postgres_url, str(mark)])
    try:
        with closing(open_ledger(postgres_url)) as ledger:
            deadline = time.monotonic() + 60
            while not mark.exists():
                assert time.monotonic() < deadline
                time.sleep(0.05)
            began = time.monotonic()
            while ledger.leadership.acquire("other", 10.0) is None:
                assert time.monotonic() - began < 13
                time.sleep(1.0)
    finally:
        frozen.kill()
        frozen.wait()


def test_a_server_that_is_away_is_said_to_be(postgres_cluster: PostgresCluster) -> None:
    """The message names what is wrong in words."""
    url = postgres_cluster.url("none").replace("host=", "host=/nowhere")
    with closing(open_ledger(url)) as ledger, pytest.raises(LedgerUnavailableError, match="cannot be reached"):
        ledger.views.ping()


def test_the_databases_clock(ledger: Ledger) -> None:
    """It is the one by which rows are dated, in seconds since the epoch."""
    term = ledger.leadership.acquire("c", 60.0)
    assert term
    expires_at = ledger.database.read(lambda connection: connection.scalar(sa.select(leader.c.expires_at)))
    assert expires_at is not None
    assert 55.0 < expires_at - ledger.views.now() <= 60.0
    assert abs(ledger.views.now() - time.time()) < 5.0
