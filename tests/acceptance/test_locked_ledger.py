"""A process frozen inside a transaction holds SQLite's only write lock, and everybody waits."""

import subprocess
import sys
import time
from pathlib import Path

from tests.acceptance.harness.place import DTF, Place, until
from tests.acceptance.harness.suites import mixed_suite
from tests.acceptance.test_two_terminals import task_file

#: Leases and the command's signs of life run out while the lock is held: nobody is to be given up for that.
SETTINGS = {"DTF_LEASE_S": "5", "DTF_POLL_S": "1", "DTF_ATTACHED_S": "8"}
HELD_S = 15.0

_HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("ROLLBACK")
"""


def hold(place: Place, seconds: float) -> "subprocess.Popen[bytes]":
    """Start a process that holds the write lock for so long; return when it does."""
    argv = [sys.executable, "-c", _HOLD, str(place.state / "ledger.sqlite3"), str(seconds)]
    holder = subprocess.Popen(argv, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    with holder.stdout as output:
        assert output.readline() == b"held\n"
    return holder


def test_a_lock_held_for_fifteen_seconds_costs_only_time(tmp_path: Path) -> None:
    """Workers, coordinator, command and a submission wait it out: the same counts, each test run once."""
    place = Place(tmp_path, **SETTINGS)
    try:
        suite = mixed_suite(tmp_path / "suite", modules=2, each=30, seconds=0.3)
        command = place.start(DTF, "run", str(suite.path), "--workers", "2", "--json")
        assert until(lambda: len(suite.started()) > 8, 60), command.said
        begun = time.monotonic()
        holder = hold(place, HELD_S)
        submitted = place.dtf("submit", "--task-file", task_file(tmp_path), "--json")
        assert submitted.status == 0, submitted.err
        assert time.monotonic() - begun > HELD_S - 2.0, "the submission did not have to wait"
        assert holder.wait(60) == 0
        done = command.wait(120)
        assert done.status == 1, done.err[-3000:]
        assert suite.counts_equal(done.answer["counts"])
        audit = place.dtf("audit", done.answer["run_id"], "--json").answer
        assert audit["ok"], audit
        assert (audit["lost"], audit["duplicated"], audit["stale_results"]) == (0, 0, 0)
        assert set(suite.started().values()) == {1}
        place.assert_nothing_left()
        logs = "".join(log.read_text(errors="replace") for log in (place.state / "log").glob("*.log"))
        assert "Traceback" not in logs
    finally:
        place.kill_all()
