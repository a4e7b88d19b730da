"""Results when the ledger is away, or refuses them."""

import sqlite3
from contextlib import closing

from dtf.domain.outcome import Outcome
from dtf.domain.shard import ShardState
from tests.integration.guardian.laboratory import Laboratory, until

WRITER = ("sh", "-c", "echo $$ > pid; while [ ! -e go ]; do sleep 0.05; done; echo done; echo a > $DTF_ARTIFACTS_DIR/a")


def test_finished_work_waits_for_the_ledger(lab: Laboratory) -> None:
    """What ends while the ledger is away is spooled with log and artifacts, and counts once it is back."""
    guardian = lab.guardian()
    shard = lab.submit(*WRITER)
    with lab.begin(guardian, shard) as asker:
        lab.pid()
        lab.trouble("away")
        (lab.work / "go").touch()
        assert "PASSED" in asker.answer()
    status = guardian.client.status()
    assert (status.spooled, status.shard_ids) == (1, (shard,))
    assert "cannot be reached" in lab.run(guardian, shard).reason
    lab.trouble("")
    until(lambda: guardian.client.status().spooled == 0)
    _assert_complete(lab, shard)
    assert guardian.client.status().shard_ids == ()


def test_the_spool_survives_the_guardian(lab: Laboratory) -> None:
    """A result that a killed guardian spooled is delivered by the next one, before claims are given back."""
    guardian = lab.guardian()
    shard = lab.submit(*WRITER)
    with lab.begin(guardian, shard) as asker:
        lab.pid()
        lab.trouble("away")
        (lab.work / "go").touch()
        asker.answer()
    guardian.popen.kill()
    guardian.popen.wait()
    waiting = lab.start_guardian()
    until(lambda: "waits for the ledger" in waiting.log.read_text())
    lab.trouble("")
    waiting.ready()
    _assert_complete(lab, shard)


def test_another_worker_delivers_a_dead_ones_spool(lab: Laboratory) -> None:
    """The spool of a worker that never comes back is delivered by another one on the machine."""
    guardian = lab.guardian("w1")
    shard = lab.submit(*WRITER)
    with lab.begin(guardian, shard) as asker:
        lab.pid()
        lab.trouble("away")
        (lab.work / "go").touch()
        asker.answer()
    guardian.popen.kill()
    guardian.popen.wait()
    lab.trouble("")
    lab.guardian("w2")
    _assert_complete(lab, shard)
    assert not (lab.place / "root/spool/w1").exists()


def test_a_refused_result_becomes_an_error(lab: Laboratory) -> None:
    """What the ledger refuses is recorded as an error with its objection, once, and nothing loops."""
    guardian = lab.guardian()
    shard = lab.submit("true")
    lab.trouble("refuses")
    lab.run(guardian, shard)
    found = lab.shard(shard)
    assert (found.state, found.outcome) == (ShardState.FINISHED, Outcome.ERROR)
    assert "a number is out of range" in found.reason
    assert guardian.client.status().spooled == 0
    assert not list((lab.place / "root/spool/w1").glob("*.json"))


def test_a_command_outlives_an_outage(lab: Laboratory) -> None:
    """An outage while a command runs changes nothing, as long as nobody else claims it."""
    guardian = lab.guardian()
    shard = lab.submit(*WRITER)
    with lab.begin(guardian, shard) as asker:
        lab.pid()
        lab.trouble("away")
        until(lambda: "cannot be renewed" in guardian.log.read_text())
        lab.trouble("")
        (lab.work / "go").touch()
        asker.answer()
    _assert_complete(lab, shard)


def _assert_complete(lab: Laboratory, shard: str) -> None:
    assert lab.shard(shard).outcome is Outcome.PASSED
    assert len(lab.attempts(shard)) == 1
    assert b"done" in lab.log(shard)
    assert [artifact.name for _, _, artifact in lab.ledger.views.artifacts(lab.run_id(shard))] == ["a"]


def test_a_locked_database_is_waited_for(lab: Laboratory) -> None:
    """While another process holds SQLite's write lock the work goes on, and its result counts afterwards."""
    guardian = lab.guardian()
    shard = lab.submit(*WRITER)
    with lab.begin(guardian, shard) as asker:
        lab.pid()
        with closing(sqlite3.connect(lab.place / "ledger.db", timeout=5)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            (lab.work / "go").touch()
            until(lambda: list((lab.place / "root/spool/w1").glob("*.json")))
            assert lab.shard(shard).state is ShardState.CLAIMED
        asker.answer()
    until(lambda: guardian.client.status().spooled == 0)
    _assert_complete(lab, shard)
