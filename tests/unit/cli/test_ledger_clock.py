from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from click.testing import CliRunner

from dtf.cli.commands import why, workers
from dtf.cli.running.ledger_clock import LedgerClock
from dtf.cli.terminal.output import Output
from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.ports.views import AlarmView, LeaderView, WorkerView
from dtf.domain.worker import WorkerInfo, WorkerState
from tests.support.fake_clock import FakeClock

if TYPE_CHECKING:
    from dtf.domain.ports.views import Views

#: The database's clock; this machine's is years ahead.
NOW = 5_000.0


class FarViews:
    """A ledger whose clock is not this machine's; one worker was heard 3 s ago."""

    def __init__(self, away: bool = False) -> None:
        self._away = away

    def now(self) -> float:
        if self._away:
            raise LedgerUnavailableError
        return NOW

    def workers(self) -> list[WorkerView]:
        info = WorkerInfo(worker_id="w1", name="w@h", host="h", fingerprint="f", pid=1, queues=("cpu",), slots=1)
        return [
            WorkerView(
                info=info,
                state=WorkerState.ONLINE,
                load=None,
                registered_at=NOW - 60.0,
                seen_at=NOW - 3.0,
                took_work_at=None,
            )
        ]

    def resolve_job(self, name: str) -> str:
        return name

    def job(self, job_id: str) -> Any:
        return SimpleNamespace(**{**_fields(), "job_id": job_id})

    def shards(self, job_id: str) -> list[Any]:
        del job_id
        return []

    def leader(self) -> LeaderView:
        return LeaderView(holder="c1", term=1, expires_in_s=5.0)

    def backlog(self) -> dict[str, dict[str, int]]:
        return {}

    def alarms(self, _job_id: str = "") -> list[AlarmView]:
        return []


def _fields() -> dict[str, Any]:
    return {
        "spec": SimpleNamespace(hardware="cpu", queue="cpu", name="n", priority=5),
        "state": "running",
        "outcome": None,
    }


@contextmanager
def _session(*, as_json: bool) -> Iterator[tuple[Output, Any, Any]]:
    yield Output(json_mode=as_json), SimpleNamespace(breaker="off"), SimpleNamespace(views=FarViews())


def test_workers_are_seen_by_the_databases_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker heard 3 s ago there is shown so, whatever this machine takes the time to be."""
    monkeypatch.setattr(workers, "ledger_session", _session)
    assert "3.00 s ago" in CliRunner().invoke(workers.command, []).output


def test_why_reckons_with_the_databases_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker heard 3 s ago there is no silent one."""
    monkeypatch.setattr(why, "ledger_session", _session)
    told = CliRunner().invoke(why.command, ["j1"]).output
    assert "silent" not in told
    assert "waits for its turn" in told


def test_the_clock_is_set_once() -> None:
    """It goes on by itself from the database's time."""
    own = FakeClock()
    clock = LedgerClock(cast("Views", FarViews()), own)
    own.advance(7.0)
    assert clock.now() == pytest.approx(NOW + 7.0)
    assert clock.monotonic() == own.monotonic()


def test_without_a_database_it_is_this_machines() -> None:
    """Waiting for the database goes on."""
    own = FakeClock()
    assert LedgerClock(cast("Views", FarViews(away=True)), own).now() == own.now()
