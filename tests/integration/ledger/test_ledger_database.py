import multiprocessing
import socket
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from dtf.domain.errors import LedgerUnavailableError
from dtf.storage.ledger import Ledger, open_ledger
from tests.integration.ledger.laboratory import Laboratory, command
from tests.support.postgres import PostgresCluster


def test_fork_gets_connections_of_its_own(lab: Laboratory) -> None:
    """A child that uses its parent's ledger does not disturb the parent's connections."""
    lab.submit(command())

    def child() -> None:
        assert lab.ledger.views.run(lab.run_id).jobs == 1
        lab.ledger.submissions.cancel_run(lab.run_id, "by the child")

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert lab.ledger.views.run(lab.run_id).reason == "by the child"


def test_missing_schema_is_named(tmp_path: Path) -> None:
    """A database without the ledger's tables says what to do."""
    ledger = open_ledger(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(LedgerUnavailableError, match="dtf init-db"):
        ledger.views.ping()
    ledger.close()


def test_missing_schema_is_named_on_postgres(postgres_cluster: PostgresCluster) -> None:
    """The same on Postgres."""
    name = postgres_cluster.create()
    ledger = open_ledger(postgres_cluster.url(name))
    with pytest.raises(LedgerUnavailableError, match="dtf init-db"):
        ledger.views.ping()
    ledger.close()
    postgres_cluster.drop(name)


def test_unreachable_server_is_an_error_of_ours() -> None:
    """No error of SQLAlchemy or the driver leaves the package."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        ledger = open_ledger(f"postgresql://nobody:hidden@127.0.0.1:{taken.getsockname()[1]}/none")
        with pytest.raises(LedgerUnavailableError) as caught:
            ledger.views.ping()
    ledger.close()
    assert "hidden" not in str(caught.value)


def test_unwritable_file_is_an_error_of_ours(tmp_path: Path) -> None:
    """A SQLite file that cannot be opened is reported as such."""
    ledger = open_ledger(f"sqlite:///{tmp_path}")
    with pytest.raises(LedgerUnavailableError):
        ledger.views.ping()
    ledger.close()


def test_lost_connections_are_replaced(postgres_url: str, postgres_cluster: PostgresCluster) -> None:
    """After the server ended every connection, as when it restarts, the next call gets a new one."""
    ledger = open_ledger(postgres_url)
    lab = Laboratory(ledger)
    lab.submit(command())
    postgres_cluster.end_connections(str(make_url(postgres_url).database))
    assert ledger.views.run(lab.run_id).jobs == 1
    ledger.close()


def test_ping_answers(ledger: Ledger) -> None:
    """An open ledger answers."""
    ledger.views.ping()
