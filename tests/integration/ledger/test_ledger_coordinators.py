from pathlib import Path

import pytest
import sqlalchemy as sa

from dtf.bootstrap.ledger import current_ledger
from dtf.cli.main import run
from dtf.domain.ports.control import Presence
from dtf.settings import load_settings
from dtf.storage.database import now
from dtf.storage.ledger import Ledger
from dtf.storage.ledger.coordinators import FORGOTTEN_S, TOLD_EACH_S
from dtf.storage.ledger.history_schema import coordinators
from dtf.storage.ledger.service_schema import leader

HERE = Presence(host="h", pid=7)


def _age(ledger: Ledger, holder: str, seconds: float) -> None:
    """Let a coordinator have been silent for so long."""
    older = sa.update(coordinators).where(coordinators.c.holder == holder).values(seen_at=now() - seconds)
    ledger.database.write(lambda connection: connection.execute(older))


def _end_lease(ledger: Ledger, seconds: float) -> None:
    """Let the leader's lease have ended so long ago."""
    ledger.database.write(lambda connection: connection.execute(sa.update(leader).values(expires_at=now() - seconds)))


def test_leader_and_standbys_are_known_until_they_leave(ledger: Ledger) -> None:
    """Who keeps the lease or tries for it is in the moment, with its place; who leaves is not."""
    ledger.leadership.acquire("a", 60, HERE)
    ledger.leadership.acquire("b", 60, Presence(host="g", pid=8))
    ledger.leadership.acquire("untold", 60)

    moment = ledger.monitor.moment()
    assert [(one.holder, one.host, one.pid) for one in moment.coordinators] == [("a", "h", 7), ("b", "g", 8)]
    assert all(0 <= moment.as_of - one.seen_at < 60 for one in moment.coordinators)

    ledger.leadership.leave("b")
    assert [one.holder for one in ledger.monitor.moment().coordinators] == ["a"]


def test_a_coordinator_is_told_anew_when_it_was_silent(ledger: Ledger) -> None:
    """A try right after another writes nothing; one after a while says that it lives, since its first day."""
    ledger.leadership.acquire("a", 60, HERE)
    (before,) = ledger.monitor.moment().coordinators
    ledger.leadership.acquire("a", 60, HERE)
    assert ledger.monitor.moment().coordinators == [before]

    _age(ledger, "a", 2 * TOLD_EACH_S)
    (silent,) = ledger.monitor.moment().coordinators
    ledger.leadership.acquire("a", 60, HERE)
    (after,) = ledger.monitor.moment().coordinators
    assert after.seen_at > silent.seen_at + TOLD_EACH_S
    assert after.started_at == before.started_at


def test_who_was_silent_for_a_day_is_forgotten(ledger: Ledger) -> None:
    """Coordinators that were killed do not stay for ever; one that was heard within the day does."""
    for holder in ("dead", "silent", "alive"):
        ledger.leadership.acquire(holder, 60, HERE)
    _age(ledger, "dead", FORGOTTEN_S + 1)
    _age(ledger, "silent", FORGOTTEN_S - 600)
    _age(ledger, "alive", 2 * TOLD_EACH_S)

    ledger.leadership.acquire("alive", 60, HERE)
    assert {one.holder for one in ledger.monitor.moment().coordinators} == {"silent", "alive"}


@pytest.mark.parametrize("clean", [True, False])
def test_a_handover_tells_how_long_nobody_led(ledger: Ledger, clean: bool) -> None:
    """The time between the end of a lease, given back or run out, and the next leader; nobody knows it of the first."""
    term = ledger.leadership.acquire("a", 60)
    assert term is not None
    if clean:
        ledger.leadership.release(term)
    _end_lease(ledger, 120.0)
    vacant = ledger.monitor.moment().leader
    assert vacant.holder == ""
    assert 119.0 < ledger.views.now() - vacant.expires_at < 180.0

    assert ledger.leadership.acquire("b", 60) is not None
    first, second = ledger.monitor.moment().handovers
    assert "vacant_s" not in first.data
    assert second.data["previous"] == ("" if clean else "a")
    vacant_s = second.data["vacant_s"]
    assert isinstance(vacant_s, float)
    assert 119.0 < vacant_s < 180.0


def test_the_status_names_standbys_that_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the leader stand those that try for its lease, and none that fell silent."""
    monkeypatch.setenv("DTF_STATE_DIR", str(tmp_path))
    ledger = current_ledger(load_settings())
    for holder in ("a", "b", "silent"):
        ledger.leadership.acquire(holder, 600, Presence(host="lab1", pid=8))
    _age(ledger, "silent", 600)
    ledger.close()

    assert run(["status"]) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("coordinator")]
    assert told[0].startswith("coordinator a leads, term 1")
    assert told[1:] == ["coordinator b stands by on lab1, process 8"]
