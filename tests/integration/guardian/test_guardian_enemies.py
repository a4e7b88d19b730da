"""What a guardian does when something dies, freezes or will not go."""

import os
import signal
import sqlite3
import sys
import time
from contextlib import closing

import pytest

from dtf.domain.outcome import Outcome
from dtf.domain.shard import ShardState
from dtf.domain.worker import WorkerState
from tests.integration.guardian.laboratory import GuardianProcess, Laboratory, is_running, until

SLEEPER = "import os,time; open('pid','w').write(str(os.getpid())); time.sleep(600)"

#: Leaves a process that left its session, its parents and its open files.
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 256)
        with open('daemon', 'w') as file: file.write(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
while not os.path.exists('daemon') or not open('daemon').read(): time.sleep(0.01)
open('pid', 'w').write(str(os.getpid()))
time.sleep(float(sys.argv[1]) if len(sys.argv) > 1 else 600)
"""


def test_a_daemon_ends_with_its_command(lab: Laboratory) -> None:
    """A double-forked process in a session of its own, without open files, does not outlive its command."""
    guardian = lab.guardian()
    shard = lab.submit(sys.executable, "-c", DAEMON, "0")
    lab.run(guardian, shard)
    assert lab.shard(shard).outcome is Outcome.PASSED
    assert not is_running(lab.pid("daemon"))


def test_a_daemon_that_hides_its_mark_ends_too(lab: Laboratory) -> None:
    """A daemon that started with an empty environment is found as an orphan that the guardian adopted."""
    code = (
        "import os,subprocess,time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    subprocess.Popen(['/bin/sh','-c','echo $$ > daemon; exec sleep 600'], env={}, start_new_session=True)\n"
        "    os._exit(0)\n"
        "while not os.path.exists('daemon') or not open('daemon').read(): time.sleep(0.01)\n"
    )
    shard = lab.python(code)
    lab.run(lab.guardian(), shard)
    until(lambda: not is_running(lab.pid("daemon")))


def test_a_killed_guardian_takes_its_commands_along(lab: Laboratory) -> None:
    """A kill -9 of the guardian: the command dies; the next one finds daemons and gives the claim back."""
    guardian = lab.guardian()
    shard = lab.python(DAEMON)
    with lab.begin(guardian, shard):
        pid, daemon = lab.pid(), lab.pid("daemon")
        guardian.popen.kill()
        guardian.popen.wait()
        until(lambda: not is_running(pid))
        second = lab.guardian()
        assert not is_running(daemon)
        found = lab.shard(shard)
        assert (found.state, found.crashes, lab.losses(shard)) == (ShardState.QUEUED, 0, 1)
        (lab.work / "pid").unlink()
        with lab.begin(second, shard):
            lab.pid()
            assert lab.shard(shard).attempt == 2


def test_another_workers_guardian_kills_leftovers(lab: Laboratory) -> None:
    """What a dead guardian of another worker left is found by any guardian of this machine; a living one's is not."""
    first, living = lab.guardian("w1"), lab.guardian("w2")
    with lab.begin(first, lab.python(DAEMON)), lab.begin(living, lab.python(SLEEPER.replace("'pid'", "'spared'"))):
        daemon, spared = lab.pid("daemon"), lab.pid("spared")
        first.popen.kill()
        first.popen.wait()
        lab.guardian("w3")
        assert not is_running(daemon)
        assert is_running(spared)


def test_a_lost_child_gives_the_claim_back(lab: Laboratory) -> None:
    """A kill -9 of the process that asked: the tree dies and the shard is queued again at once, no crash counted."""
    guardian = lab.guardian()
    shard = lab.python(DAEMON)
    with lab.begin(guardian, shard) as asker:
        pid, daemon = lab.pid(), lab.pid("daemon")
        asker.popen.kill()
        until(lambda: lab.shard(shard).state is ShardState.QUEUED)
        assert not is_running(pid)
        assert not is_running(daemon)
        attempt = lab.attempts(shard)[0]
        assert (attempt.outcome, attempt.reason) == (Outcome.INFRA, "the worker's child was lost")
        assert (lab.shard(shard).crashes, lab.losses(shard)) == (0, 1)
    assert guardian.client.status().busy_slots == 0


@pytest.mark.parametrize("how", ["the worker dies", "SIGTERM"])
def test_a_guardian_ends_with_its_worker(lab: Laboratory, how: str) -> None:
    """A kill -9 of the worker, or SIGTERM: every tree is killed, claims are given back, the worker is offline."""
    guardian = lab.guardian()
    shard = lab.python("import signal; signal.signal(15, signal.SIG_IGN)\n" + DAEMON)
    with lab.begin(guardian, shard):
        pid, daemon = lab.pid(), lab.pid("daemon")
        (lab.worker if how == "the worker dies" else guardian.popen).send_signal(
            signal.SIGKILL if how == "the worker dies" else signal.SIGTERM
        )
        assert guardian.popen.wait(60) == 0
        assert not is_running(pid)
        assert not is_running(daemon)
        found = lab.shard(shard)
        assert (found.state, found.crashes, lab.losses(shard)) == (ShardState.QUEUED, 0, 1)
        assert lab.ledger.views.workers()[0].state is WorkerState.OFFLINE


def test_a_cancel_is_heard(lab: Laboratory) -> None:
    """A cancelled command ends within a few seconds though it ignores SIGTERM, and counts as cancelled."""
    guardian = lab.guardian()
    shard = lab.python("import signal; signal.signal(15, signal.SIG_IGN)\n" + SLEEPER)
    with lab.begin(guardian, shard) as asker:
        pid = lab.pid()
        lab.ledger.submissions.cancel_run(lab.run_id(shard), "enough")
        assert "Outcome.CANCELLED" in asker.answer()
        assert not is_running(pid)
    found = lab.shard(shard)
    assert (found.outcome, found.reason) == (Outcome.CANCELLED, "enough")


def _freeze(guardian: GuardianProcess, pids: list[int], number: int) -> None:
    for pid in (guardian.popen.pid, *pids):
        os.kill(pid, number)


def _freeze_between_writes(lab: Laboratory, guardian: GuardianProcess, pid: int) -> None:
    """Freeze it where it does not hold SQLite's only write lock, which would freeze everybody."""
    for _ in range(100):
        _freeze(guardian, [pid], signal.SIGSTOP)
        with closing(sqlite3.connect(lab.place / "ledger.db", timeout=0.05)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                _freeze(guardian, [pid], signal.SIGCONT)
            else:
                return
        time.sleep(0.02)
    raise AssertionError("it writes all the time")


def test_a_frozen_worker_is_superseded(lab: Laboratory) -> None:
    """Frozen beyond its lease, a guardian that wakes finds its claim lost, kills the tree; its result is stale."""
    guardian = lab.guardian(lease_s=1.5)
    shard = lab.python(SLEEPER)
    with lab.begin(guardian, shard) as asker:
        pid = lab.pid()
        _freeze_between_writes(lab, guardian, pid)
        until(lab.expire)
        other = lab.guardian("w2")
        (lab.work / "pid").unlink()
        with lab.begin(other, shard):
            second = lab.pid()
            _freeze(guardian, [pid], signal.SIGCONT)
            assert "attempts=1" in asker.answer()
            assert not is_running(pid)
            assert is_running(second)
            assert lab.ledger.views.audit(lab.run_id(shard)).stale_results == 1
            assert lab.shard(shard).attempt == 2


#: Lives on by forking: no process of it is there for long.
HOPPER = """
import os, time
if os.fork() == 0:
    end = time.time() + 8
    while time.time() < end:
        if os.fork(): os._exit(0)
        os.setsid()
        with open('hop', 'w') as file: file.write(str(time.time()))
        time.sleep(0.005)
while not os.path.exists('hop'): time.sleep(0.01)
"""


def test_what_lives_by_forking_is_caught(lab: Laboratory) -> None:
    """A daemon that forks and ends every few milliseconds, each time in a new session, ends with its command."""
    shard = lab.python(HOPPER)
    lab.run(lab.guardian(), shard)
    assert lab.shard(shard).outcome is Outcome.PASSED
    last = (lab.work / "hop").read_text()
    time.sleep(0.3)
    assert (lab.work / "hop").read_text() == last


def test_a_guardian_whose_worker_is_gone_at_its_start_ends_without_a_word(lab: Laboratory) -> None:
    """It ends before it registered the worker; that is no error, and no traceback is left."""
    lab.worker.kill()
    guardian = lab.start_guardian()
    assert guardian.popen.wait(60) == 0
    assert "Traceback" not in guardian.log.read_text()
    assert "Error" not in guardian.log.read_text()


def test_a_guardian_without_a_ledger_at_its_end_leaves_no_traceback(lab: Laboratory) -> None:
    """What it cannot give back runs out by itself; it says so in a line."""
    guardian = lab.guardian()
    lab.trouble("away")
    guardian.popen.terminate()
    assert guardian.popen.wait(60) == 0
    assert "the farewell to the ledger is left" in guardian.log.read_text()
    assert "Traceback" not in guardian.log.read_text()
