"""What a real guardian does about failures of the infrastructure."""

import sqlalchemy as sa

from dtf.domain.failure import FailureType
from dtf.domain.outcome import Outcome
from dtf.domain.recovery import RecoveryAction
from dtf.domain.shard import ShardState
from dtf.execution.guardian.messages import ShardReply
from dtf.storage.ledger.schema import shards
from tests.integration.guardian.laboratory import GuardianProcess, Laboratory

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
