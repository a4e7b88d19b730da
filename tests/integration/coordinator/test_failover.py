import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from sqlalchemy.engine import make_url

from dtf.domain.errors import TermOverError
from dtf.domain.shard import ShardPlan
from dtf.domain.specs import CommandWork, JobSpec, RunSpec
from dtf.storage.ledger.ledger import Ledger
from tests.integration.coordinator.conftest import SOURCE, WORKER, Start, wait_for
from tests.support.valkey import Valkey


def _leader(ledger: Ledger) -> str:
    view = ledger.views.leader()
    return view.holder if view.expires_in_s > 0 else ""


def _can_be_written(ledger_url: str) -> bool:
    """Whether no process holds SQLite's only write lock; Postgres takes a frozen client's locks away by itself."""
    url = make_url(ledger_url)
    if url.get_backend_name() != "sqlite":
        return True
    connection = sqlite3.connect(str(url.database), timeout=1.0, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True


def _freeze(process: "subprocess.Popen[bytes]", ledger_url: str) -> None:
    """Freeze a coordinator, not inside a write to SQLite: nobody can lead before such a one wakes or is killed."""
    for _ in range(20):
        process.send_signal(signal.SIGSTOP)
        if _can_be_written(ledger_url):
            return
        process.send_signal(signal.SIGCONT)
        time.sleep(0.1)
    pytest.fail("the leader was inside a write at each of 20 moments")


def test_a_frozen_leader_is_replaced_and_fenced_and_a_clean_stop_hands_over(
    ledger: Ledger, ledger_url: str, start: Start, tmp_path: Path
) -> None:
    """After its lease another one leads; the frozen one wakes, stands by, and is ready again."""
    # Given a leader and a standby
    first = start("c1", lease_s=5.0)
    wait_for(lambda: _leader(ledger) == "c1")
    second = start("c2", lease_s=5.0)

    # When the leader freezes, the standby takes over
    _freeze(first, ledger_url)
    wait_for(lambda: _leader(ledger) == "c2")
    term = ledger.views.leader().term
    assert term == 2

    # When the frozen one wakes it finds out, and leaves the lease alone
    first.send_signal(signal.SIGCONT)
    wait_for(lambda: "standing by" in (tmp_path / "c1.log").read_text())
    assert (_leader(ledger), ledger.views.leader().term) == ("c2", term)

    # When the new leader is stopped cleanly, the other one leads at once
    second.terminate()
    assert second.wait(60) == 0
    assert _leader(ledger) != "c2", "the lease was given back"
    wait_for(lambda: _leader(ledger) == "c1")


def test_a_killed_leader_is_replaced(ledger: Ledger, start: Start) -> None:
    """Nothing is given back, the lease runs out."""
    first = start("c1", lease_s=3.0)
    wait_for(lambda: _leader(ledger) == "c1")
    start("c2", lease_s=3.0)

    first.kill()

    wait_for(lambda: _leader(ledger) == "c2")


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_broker_that_hangs_does_not_cost_the_leadership(ledger: Ledger, start: Start, valkey: Valkey) -> None:
    """A frozen broker holds the dispatcher for longer than the lease; the lease is renewed all the same."""
    start("c1", lease_s=3.0)
    wait_for(lambda: _leader(ledger) == "c1")
    ledger.workers.register(WORKER)
    valkey.freeze()
    ledger.submissions.submit(RunSpec(jobs=(JobSpec(name="n", work=CommandWork(argv=("true",)), source=SOURCE),)))
    standby = start("c2", lease_s=3.0)

    with pytest.raises(subprocess.TimeoutExpired):
        standby.wait(7)

    assert (_leader(ledger), ledger.views.leader().term) == ("c1", 1)


def test_a_write_of_an_earlier_term_changes_nothing(ledger: Ledger) -> None:
    """The ledger refuses it whatever the late leader believes."""
    old = ledger.leadership.acquire("c1", 0.05)
    assert old is not None
    wait_for(lambda: ledger.leadership.acquire("c2", 10.0))
    shards = [ShardPlan(ordinals=(0,), affinity="a.py", predicted_s=1.0, rank=0)]

    with pytest.raises(TermOverError):
        ledger.control.store_plan(old, "j1", shards)


def test_an_idle_leader_costs_little(ledger: Ledger, start: Start) -> None:
    """Less than a twentieth of a core with nothing to do."""
    process = psutil.Process(start("c1").pid)
    wait_for(lambda: _leader(ledger) == "c1")
    before = process.cpu_times()

    with pytest.raises(psutil.TimeoutExpired):
        process.wait(6)

    after = process.cpu_times()
    assert (after.user + after.system) - (before.user + before.system) < 0.05 * 6
