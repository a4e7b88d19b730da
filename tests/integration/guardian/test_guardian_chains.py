"""Shards that follow on."""

from dtf.domain.outcome import Outcome
from dtf.domain.shard import ShardState
from tests.integration.guardian.laboratory import Laboratory, until


def test_a_slot_works_through_a_module(lab: Laboratory) -> None:
    """One hint brings all shards of a module to one slot, in order, and the left-over hints find nothing."""
    shards = lab.suite("a", "b", "c", "d", cut=[[0, 1], [2], [3]])
    guardian = lab.guardian()
    reply = lab.run(guardian, shards[0])
    assert (reply.claimed, reply.outcome, reply.attempts) == (True, Outcome.PASSED, 3)
    assert not lab.run(guardian, shards[1]).claimed
    job = lab.ledger.views.job(lab.shard(shards[0]).job_id)
    assert job.outcome is Outcome.PASSED
    assert [case.nodeid for case in lab.ledger.views.cases(job.job_id)] == [f"m.py::{name}" for name in "abcd"]
    said = lab.log(shards[0]).decode().splitlines()
    assert [line for line in said if " on slot " in line][1:] == [f"{shard} on slot 0" for shard in shards]


def test_a_slot_knows_what_its_job_has_come_to(lab: Laboratory) -> None:
    """Each shard hears of all failures before it, whether they are recorded yet or not, and when nothing waits."""
    shards = lab.suite("fail-a", "b", "fail-c", "d", cut=[[0], [1, 2], [3]], max_failures=9)
    guardian = lab.guardian()
    lab.run(guardian, shards[0])
    said = [line for line in lab.log(shards[0]).decode().splitlines() if "failures" in line]
    assert said[1:] == ["1 failures, ends: False", "2 failures, ends: True", "2 failures, ends: True"]


def test_the_next_shard_does_not_wait_for_the_record(lab: Laboratory) -> None:
    """A slow ledger holds up the chain's answer, and not the shard that follows."""
    shards = lab.suite("a", "b", "c", cut=[[0], [1], [2]])
    guardian = lab.guardian()
    lab.trouble("slow to record")
    reply = lab.run(guardian, shards[0])
    assert (reply.outcome, reply.attempts) == (Outcome.PASSED, 3)
    first, *_, last = (lab.attempts(shard)[-1] for shard in shards)
    assert last.outcome is Outcome.PASSED
    assert last.started_at - first.started_at < 1.0, "each record takes a second"


def test_a_result_that_is_spooled_holds_up_nothing(lab: Laboratory) -> None:
    """While records fail the chain goes on, and all results are delivered later, in the background."""
    shards = lab.suite("a", "b", cut=[[0], [1]])
    guardian = lab.guardian()
    lab.trouble("records nothing")
    assert lab.run(guardian, shards[0]).attempts == 2
    status = guardian.client.status()
    assert (status.spooled, sorted(status.shard_ids)) == (2, sorted(shards))
    lab.trouble("")
    until(lambda: guardian.client.status().spooled == 0)
    assert lab.ledger.views.job(lab.shard(shards[0]).job_id).outcome is Outcome.PASSED


def test_a_draining_worker_takes_nothing_more(lab: Laboratory) -> None:
    """Drained, a guardian finishes what it has, follows on with nothing and claims nothing."""
    shards = lab.suite("a", "b", cut=[[0], [1]])
    guardian = lab.guardian()
    guardian.client.drain()
    assert not lab.run(guardian, shards[0]).claimed
    assert lab.shard(shards[0]).state is ShardState.QUEUED


def test_a_broken_executor_is_the_infrastructures_fault(lab: Laboratory) -> None:
    """What an executor raises is infra; cases that were reported count, and only the rest runs again."""
    shards = lab.suite("a", "raise", "c", cut=[[0, 1, 2]])
    guardian = lab.guardian()
    assert lab.run(guardian, shards[0]).outcome is Outcome.INFRA
    found = lab.shard(shards[0])
    assert (found.state, found.crashes) == (ShardState.QUEUED, 1)
    assert "the executor is broken" in lab.attempts(shards[0])[-1].reason
    assert lab.run(guardian, shards[0]).outcome is Outcome.PASSED
    assert len(list(lab.ledger.views.cases(found.job_id))) == 3


def test_what_was_to_follow_is_given_back(lab: Laboratory) -> None:
    """When the child is lost, the running shard and the one claimed to follow are both queued again at once."""
    shards = lab.suite("hang", "b", cut=[[0], [1]])
    guardian = lab.guardian()
    with lab.begin(guardian, shards[0]) as asker:
        until(lambda: lab.shard(shards[1]).state is ShardState.CLAIMED)
        asker.popen.kill()
        until(lambda: guardian.client.status().shard_ids == ())
    assert [lab.shard(shard).crashes for shard in shards] == [0, 0]
    # it had not begun, so it cannot have ended the child
    assert (lab.shard(shards[1]).state, lab.losses(shards[1])) == (ShardState.QUEUED, 0)
    # its one case was reported before the child was lost
    assert lab.run(guardian, shards[1]).outcome is Outcome.PASSED


def test_a_suite_is_warmed_up_once(lab: Laboratory) -> None:
    """Prepare reaches the executor, and answers before it is done."""
    shards = lab.suite("a", cut=[[0]])
    job_id = lab.shard(shards[0]).job_id
    lab.guardian().client.prepare(job_id, "cpu")
    until((lab.work / f"prepared-{job_id}").exists)


def test_an_executor_that_does_not_listen_is_left_behind(lab: Laboratory) -> None:
    """An executor that ignores a cancel, even its own task's, does not keep the slot."""
    shards = lab.suite("deaf", cut=[[0]])
    guardian = lab.guardian(patience_s=0.2)
    with lab.begin(guardian, shards[0]) as asker:
        until(lambda: lab.shard(shards[0]).state is ShardState.CLAIMED)
        lab.ledger.submissions.cancel_run(lab.run_id(shards[0]), "enough")
        assert "CANCELLED" in asker.answer()
    assert guardian.client.status().busy_slots == 0
