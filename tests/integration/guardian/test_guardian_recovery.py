"""What a real guardian does about failures of the infrastructure."""

import os
import signal
from functools import partial

import sqlalchemy as sa

from dtf.domain.failure import FailureType
from dtf.domain.outcome import Outcome
from dtf.domain.recovery import RecoveryAction
from dtf.domain.shard import ShardState
from dtf.execution.guardian.messages import ShardReply
from dtf.storage.ledger.schema import shards
from tests.integration.guardian.laboratory import GuardianProcess, Laboratory, until

#: Is killed from outside, as far as anybody can tell, as often as the file says, and then succeeds.
_KILLED = """
import os, pathlib
left = pathlib.Path("kills")
count = int(left.read_text())
left.write_text(str(count - 1))
count > 0 and os.kill(os.getpid(), 9)
"""


def _run(lab: Laboratory, guardian: GuardianProcess, shard_id: str) -> ShardReply:
    """Have a shard run without waiting for its pause to be over."""
    due = sa.update(shards).where(shards.c.shard_id == shard_id).values(not_before=0.0)
    lab.ledger.database.write(lambda connection: connection.execute(due))
    return lab.run(guardian, shard_id)


def test_each_failure_of_a_shard_goes_one_level_up_until_it_succeeds(lab: Laboratory) -> None:
    """Retry, isolation, a restart that a canary verified; then the command passes, and the ledger knows all of it."""
    guardian = lab.guardian()
    (lab.work / "kills").write_text("3")
    shard_id = lab.python(_KILLED, max_retries=3)
    replies = [_run(lab, guardian, shard_id) for _ in range(4)]
    assert [reply.outcome for reply in replies] == [Outcome.INFRA] * 3 + [Outcome.PASSED]
    found = lab.ledger.recoveries.history()
    assert [(recovery.action, recovery.succeeded, recovery.job_recovered) for recovery in found] == [
        (RecoveryAction.RETRY, False, False),
        (RecoveryAction.ISOLATE, False, False),
        (RecoveryAction.RESTART_PROCESS, True, True),
    ]
    assert {recovery.failure for recovery in found} == {FailureType.CRASH}
    assert [recovery.level for recovery in found] == [1, 2, 3]
    restart = found[-1]
    assert (restart.target.hardware, restart.attempt, restart.reason) == ("cpu", 3, "a probe passed")
    assert restart.time_s > 0


def test_a_worker_leaves_to_another_what_failed_on_it(lab: Laboratory) -> None:
    """Its second failure on a worker sends a shard elsewhere: that worker puts the hint back, another one runs it."""
    first, second = lab.guardian("w1"), lab.guardian("w2")
    (lab.work / "kills").write_text("2")
    shard_id = lab.python(_KILLED, max_retries=3)
    for _ in range(2):
        assert _run(lab, first, shard_id).outcome is Outcome.INFRA
    reply = _run(lab, first, shard_id)
    assert (reply.claimed, reply.unserved) == (False, True)
    assert "left to another" in reply.reason
    assert _run(lab, second, shard_id).outcome is Outcome.PASSED
    assert lab.shard(shard_id).state is ShardState.FINISHED


def test_a_shard_that_always_breaks_ends_as_infra(lab: Laboratory) -> None:
    """After its retries are used up nothing is tried any more, and every attempt is listed."""
    guardian = lab.guardian()
    (lab.work / "kills").write_text("4")
    shard_id = lab.python(_KILLED, max_retries=1)
    for _ in range(2):
        _run(lab, guardian, shard_id)
    assert lab.shard(shard_id).outcome is Outcome.INFRA
    assert len(lab.attempts(shard_id)) == 2
    told = [event.data for event in lab.ledger.control.pending_events(100)]
    assert [data["action"] for data in told if "counts" in data] == ["retry"]


def test_a_worker_whose_disk_fails_recovers_when_the_disk_does(lab: Laboratory) -> None:
    """Its breaker opens, replacing its pool is in vain, and it is held; no shard pays, and all end passed."""
    lab.breaker = "constants"
    guardian = lab.guardian()
    waiting = lab.python(_WAITS, max_retries=0)
    shard_ids = [lab.python("print(1)", max_retries=1) for _ in range(3)]
    with lab.begin(guardian, waiting) as asker:
        pid = lab.pid()
        _break_disk(lab)
        until(lambda: [_run(lab, guardian, shard_id) for shard_id in shard_ids][-1].unserved, 30.0)
        os.kill(pid, signal.SIGKILL)
        asker.answer()
    replaced = lab.ledger.recoveries.history()[-1]
    assert (replaced.action, replaced.level, replaced.succeeded) == (RecoveryAction.REPLACE_POOL, 4, False)
    assert "no file can be written" in replaced.reason
    assert lab.shard(waiting).crashes == 0, "with its only attempt lost to a sick worker it has another one"
    _mend_disk(lab)
    (lab.work / "go").touch()
    for shard_id in (waiting, *shard_ids):
        until(partial(_passes, lab, guardian, shard_id), 30.0)
    outcomes = {known.shard_id: known.job_recovered for known in lab.ledger.recoveries.history()}
    assert outcomes[waiting] is True


#: Says who it is, and waits until it may go.
_WAITS = """
import os, pathlib, time
pathlib.Path("pid").write_text(str(os.getpid()))
while not pathlib.Path("go").exists():
    time.sleep(0.02)
"""


def _break_disk(lab: Laboratory) -> None:
    """Nothing can be written any more where the worker's work keeps its files."""
    scratch = lab.place / "root" / "scratch" / "w1"
    scratch.rename(scratch.with_name("mounted elsewhere"))
    scratch.write_text("this is no directory")


def _mend_disk(lab: Laboratory) -> None:
    scratch = lab.place / "root" / "scratch" / "w1"
    scratch.unlink()
    scratch.with_name("mounted elsewhere").rename(scratch)


def _passes(lab: Laboratory, guardian: GuardianProcess, shard_id: str) -> bool:
    if lab.shard(shard_id).state is not ShardState.FINISHED:
        _run(lab, guardian, shard_id)
    return lab.shard(shard_id).outcome is Outcome.PASSED
