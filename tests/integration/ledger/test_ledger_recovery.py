"""What the ledger does about failures: who avoids a shard, what counts, and what is remembered."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from dtf.analysis.holding import quarantined
from dtf.cli.running.alarm_lines import alarm_lines
from dtf.coordination.outbox import Outbox
from dtf.domain.breaker import Target
from dtf.domain.clock import SystemClock
from dtf.domain.events import EventKind
from dtf.domain.failure import FailureType
from dtf.domain.outcome import Outcome
from dtf.domain.ports.recoveries import STABLE_S
from dtf.domain.quarantine import Quarantine
from dtf.domain.recovery import Recovery, RecoveryAction
from dtf.domain.shard import ClaimedShard, Finish, Requeue
from dtf.domain.worker import WorkerLoad, WorkerState
from dtf.storage.ledger.avoiding import PATIENCE_S
from dtf.storage.ledger.recovery_schema import recoveries
from dtf.storage.ledger.schema import attempts, shards
from tests.integration.ledger.laboratory import Laboratory, cases, command, result, worker

_CPU = Target(hardware="cpu", name="dtf@w1")


def again(
    *, avoid: tuple[str, ...] = (), action: RecoveryAction = RecoveryAction.RETRY, counts: bool = True
) -> Requeue:
    """Send a shard out again after a crash."""
    return Requeue(level=2, reason="it crashed", action=action, failure=FailureType.CRASH, avoid=avoid, counts=counts)


def fail(lab: Laboratory, shard: ClaimedShard, decided: Requeue | Finish) -> None:
    """The infrastructure failed under an attempt."""
    assert lab.record(result(shard, Outcome.INFRA, reason="it crashed"), decided)


def test_a_shard_is_left_to_another_worker_while_there_is_one(lab: Laboratory) -> None:
    """Who failed a shard gets it again only when no other live worker serves its queue; the reason is told."""
    lab.submit(command())
    lab.ledger.workers.register(worker("w1"))
    lab.ledger.workers.register(worker("w2"))
    lab.ledger.workers.register(worker("w3", queues=("cuda",)))
    shard = lab.claim()
    fail(lab, shard, again(avoid=("w1",)))
    took = lab.ledger.shards.claim(shard.shard_id, worker_id="w1", slot=0, lease_s=30)
    assert took is None
    assert "left to another" in lab.ledger.shards.left_to_others(shard.shard_id, "w1")
    assert lab.ledger.shards.left_to_others(shard.shard_id, "w2") == ""
    lab.ledger.workers.set_state("w2", WorkerState.DRAINING)
    assert lab.ledger.shards.left_to_others(shard.shard_id, "w1") == ""
    assert lab.claim(shard.shard_id).action is RecoveryAction.RETRY


def test_the_other_worker_takes_it(lab: Laboratory) -> None:
    """And when it fails there as well, both avoid it, so that either may have it again."""
    lab.submit(command())
    for name in ("w1", "w2"):
        lab.ledger.workers.register(worker(name))
    first = lab.claim()
    fail(lab, first, again(avoid=("w1",)))
    second = lab.claim(first.shard_id, worker_id="w2")
    fail(lab, second, again(avoid=("w2",)))
    third = lab.claim(first.shard_id)
    assert (third.attempt, third.crashes) == (3, 2)


def test_a_single_worker_never_starves(lab: Laboratory) -> None:
    """Where nobody else serves the queue, the worker that failed a shard takes it again at once."""
    lab.submit(command())
    lab.ledger.workers.register(worker("w1"))
    shard = lab.claim()
    fail(lab, shard, again(avoid=("w1",)))
    assert lab.claim(shard.shard_id).attempt == 2


def test_nobody_stands_back_for_ever(lab: Laboratory) -> None:
    """A shard that nobody else took for a minute may go back to the worker that failed it."""
    lab.submit(command())
    for name in ("w1", "busy"):
        lab.ledger.workers.register(worker(name))
    shard = lab.claim()
    fail(lab, shard, again(avoid=("w1",)))
    assert lab.ledger.shards.claim(shard.shard_id, worker_id="w1", slot=0, lease_s=30) is None
    earlier = {"queued_at": shards.c.queued_at - PATIENCE_S - 1, "not_before": shards.c.not_before - PATIENCE_S - 1}
    lab.ledger.database.write(lambda connection: connection.execute(sa.update(shards).values(earlier)))
    assert lab.claim(shard.shard_id).attempt == 2


def test_the_only_sound_worker_does_not_stand_back(lab: Laboratory) -> None:
    """Where the breakers of all others are open, who failed a shard takes it again at once; not where one is closed."""
    lab.submit(command())
    for name in ("w1", "w2", "w3"):
        lab.ledger.workers.register(worker(name))
    names = {view.info.worker_id: view.info.name for view in lab.ledger.views.workers()}
    sick = [Target(hardware="cpu", name=names[name]) for name in ("w2", "w3")]
    shard = lab.claim()
    fail(lab, shard, again(avoid=("w1",)))
    ask = lab.ledger.shards
    assert ask.claim(shard.shard_id, worker_id="w1", slot=0, lease_s=30, refusing=sick[:1]) is None
    assert ask.left_to_others(shard.shard_id, "w1", sick[:1])
    assert ask.left_to_others(shard.shard_id, "w1", sick) == ""
    # what is in quarantine on a worker serves nobody there, although its breaker is closed
    bad = Quarantine(target=sick[1], slots=(0, 1), for_s=3.0, reason="after restart_process it did not compute")
    load = WorkerLoad(cpu_percent=0, memory_percent=0, load_1m=0, busy_slots=0, quarantine=(bad,))
    lab.ledger.workers.heartbeat("w3", load)
    (held,) = quarantined(lab.ledger.views.workers())
    assert (held.target, held.worker, held.reason) == (bad.target, "dtf@w3", bad.reason)
    assert ask.left_to_others(shard.shard_id, "w1")
    assert ask.left_to_others(shard.shard_id, "w1", sick[:1]) == ""
    again_there = ask.claim(shard.shard_id, worker_id="w1", slot=0, lease_s=30, refusing=sick[:1])
    assert again_there is not None
    assert again_there.attempt == 2


def test_what_follows_on_is_not_what_avoids_the_worker(lab: Laboratory) -> None:
    """A slot goes on with the next shard of the module that it has not failed."""
    ids = lab.plan(1, 1, 1)
    shard = lab.claim(ids[1])
    fail(lab, shard, again(avoid=("w1",)))
    first = lab.claim(ids[0])
    following = lab.ledger.shards.claim_follow_on(first, worker_id="w1", slot=0, lease_s=30)
    assert following is not None
    assert following.shard_id == ids[2]


def test_a_failure_that_does_not_count_costs_no_retry(lab: Laboratory) -> None:
    """It is told beside those that count, and what was decided stands with the attempt."""
    lab.submit(command())
    first = lab.claim()
    fail(lab, first, again(counts=False))
    second = lab.claim()
    assert (second.crashes, second.refunds) == (0, 1)
    fail(lab, second, again(action=RecoveryAction.OTHER_WORKER))
    third = lab.claim()
    assert (third.crashes, third.refunds, third.action) == (1, 1, RecoveryAction.OTHER_WORKER)
    columns = (attempts.c.counted, attempts.c.level, attempts.c.action, attempts.c.failure)
    rows = lab.ledger.database.read(
        lambda connection: connection.execute(sa.select(*columns).order_by(attempts.c.attempt)).all()
    )
    assert [tuple(row) for row in rows] == [
        (False, 2, "retry", "crash"),
        (True, 2, "other_worker", "crash"),
        (None, 0, "", ""),
    ]
    told = [event.data for event in lab.ledger.control.pending_events(100) if event.kind is EventKind.SHARD_REQUEUED]
    assert [data["counts"] for data in told] == [False, True]


def test_refunds_give_retries_back_once_and_never_more_than_there_were(lab: Laboratory) -> None:
    """Failures that led to an opening do not count any more; a shard without one, or an unknown one, stays as it is."""
    lab.submit(command("a"), command("b"))
    failed, sound = lab.claim(), lab.claim()
    fail(lab, failed, again())
    given = [failed.shard_id, failed.shard_id, sound.shard_id, "s-unknown"]
    assert lab.ledger.shards.refund(given) == 1
    assert lab.ledger.shards.refund(given) == 0
    assert lab.ledger.shards.refund([]) == 0
    claimed = lab.claim(failed.shard_id)
    assert (claimed.crashes, claimed.refunds) == (0, 1)
    counted = sa.select(attempts.c.counted).where(attempts.c.shard_id == failed.shard_id, attempts.c.attempt == 1)
    assert lab.ledger.database.read(lambda connection: connection.scalar(counted)) is False


def test_a_finished_shard_gets_nothing_back(lab: Laboratory) -> None:
    """What is told is told."""
    lab.submit(command())
    shard = lab.claim()
    fail(lab, shard, Finish(failure=FailureType.CRASH))
    assert lab.ledger.shards.refund([shard.shard_id]) == 0
    assert lab.outcome is Outcome.INFRA


def test_a_refund_that_came_during_the_last_attempt_is_not_lost(lab: Laboratory) -> None:
    """A worker that holds a shard for finished did not hear of the refund; the ledger sends it out once more."""
    lab.submit(replace(command(), max_retries=1))
    fail(lab, lab.claim(), again())
    last = lab.claim()
    assert last.crashes == 1
    lab.ledger.shards.refund([last.shard_id])
    fail(lab, last, Finish(failure=FailureType.CRASH, exhausted=True))
    assert lab.outcome is None
    final = lab.claim()
    assert (final.attempt, final.crashes, final.refunds) == (3, 1, 1)
    fail(lab, final, Finish(failure=FailureType.CRASH, exhausted=True))
    assert lab.outcome is Outcome.INFRA


def test_a_retry_is_remembered_with_what_came_of_it(lab: Laboratory) -> None:
    """One that failed and one that worked, by the kind of the failure and the worker on which it happened."""
    lab.ledger.workers.register(worker("w1"))
    lab.submit(command())
    fail(lab, lab.claim(), again())
    fail(lab, lab.claim(), again(action=RecoveryAction.BACK_OFF))
    assert lab.record(result(lab.claim(), Outcome.FAILED))
    first, second = lab.ledger.recoveries.history()
    assert (first.target, first.failure, first.action) == (_CPU, FailureType.CRASH, RecoveryAction.RETRY)
    assert (first.succeeded, first.job_recovered, first.stable, first.attempt) == (False, False, False, 1)
    assert (second.action, second.level) == (RecoveryAction.BACK_OFF, 2)
    assert (second.succeeded, second.job_recovered, second.stable, second.attempt) == (True, True, None, 2)
    kinds = [event.kind for event in lab.ledger.control.pending_events(100)]
    assert kinds.count(EventKind.RECOVERY_FAILED) == kinds.count(EventKind.RECOVERY_COMPLETED) == 1


def test_a_retry_that_was_given_back_says_nothing_yet(lab: Laboratory) -> None:
    """Only the attempt that comes to its end shows whether it helped."""
    lab.submit(command())
    fail(lab, lab.claim(), again())
    given_back = replace(result(lab.claim(), Outcome.INFRA, reason="the worker stopped"), crashed=False)
    lab.record(given_back, Requeue(reason="the worker stopped"))
    assert lab.ledger.recoveries.history() == []
    lab.record(result(lab.claim()))
    assert [recovery.succeeded for recovery in lab.ledger.recoveries.history()] == [True]


@pytest.mark.parametrize("late", [False, True])
def test_a_restart_learns_whether_the_job_recovered(lab: Laboratory, late: bool) -> None:
    """A guardian notes what its probe found; the job's next attempt, before or after that, says the rest."""
    lab.submit(command())
    failed = lab.claim()
    fail(lab, failed, again(action=RecoveryAction.RESTART_PROCESS))
    restart = Recovery(
        target=_CPU,
        failure=FailureType.CRASH,
        action=RecoveryAction.RESTART_PROCESS,
        succeeded=True,
        time_s=0.5,
        resource_s=float("nan"),
        shard_id=failed.shard_id,
        attempt=failed.attempt,
        reason="probe\0d",
    )
    for step in ("end", "note") if late else ("note", "end"):
        if step == "note":
            lab.ledger.recoveries.add(restart)
        else:
            lab.record(result(lab.claim(), Outcome.PASSED))
    (found,) = lab.ledger.recoveries.history()
    assert (found.succeeded, found.job_recovered, found.level) == (True, True, 3)
    assert (found.time_s, found.resource_s) == (0.5, 0.0)


def test_a_recovery_is_stable_when_its_target_held(lab: Laboratory) -> None:
    """The next failure of the same target settles it: too soon, or late enough."""
    base = Recovery(target=_CPU, failure=FailureType.TIMEOUT, action=RecoveryAction.RETRY, succeeded=True)
    lab.ledger.recoveries.add(base)
    lab.ledger.recoveries.add(replace(base, target=Target(hardware="cpu", name="another")))
    lab.ledger.recoveries.add(base)
    assert [recovery.stable for recovery in lab.ledger.recoveries.history()] == [False, None, None]
    older = {"at": recoveries.c.at - STABLE_S - 1}
    lab.ledger.database.write(lambda connection: connection.execute(sa.update(recoveries).values(older)))
    assert [recovery.stable for recovery in lab.ledger.recoveries.history()] == [False, True, True]
    lab.ledger.recoveries.add(base)
    assert [recovery.stable for recovery in lab.ledger.recoveries.history(2)] == [True, None]


def test_the_history_has_an_end(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the latest recoveries are kept."""
    monkeypatch.setattr("dtf.storage.ledger.recoveries.KEPT", 3)
    for number in range(5):
        failed = Recovery(
            target=_CPU, failure=FailureType.CRASH, action=RecoveryAction.RETRY, succeeded=False, attempt=number
        )
        lab.ledger.recoveries.add(failed)
    assert [recovery.attempt for recovery in lab.ledger.recoveries.history()] == [2, 3, 4]


def test_the_last_level_tells_operators(lab: Laboratory) -> None:
    """A failover is an event of its own, with what failed and where."""
    lab.submit(command())
    shard = lab.claim()
    fail(lab, shard, replace(again(action=RecoveryAction.FAIL_OVER), level=5))
    (told,) = [e for e in lab.ledger.control.pending_events(100) if e.kind is EventKind.OPERATOR_NEEDED]
    assert told.subject == shard.shard_id
    assert (told.data["queue"], told.data["worker"], told.data["action"]) == ("cpu", "w1", "fail_over")


def test_what_an_operator_is_needed_for_is_listed_until_its_shard_ends(
    lab: Laboratory, caplog: pytest.LogCaptureFixture
) -> None:
    """With what failed last and where; the coordinator's log says it too, and the failover is a row of the history."""
    lab.ledger.workers.register(worker("w1"))
    lab.submit(command(), command())
    shard = lab.claim()
    assert lab.ledger.views.alarms() == []
    fail(lab, shard, again())
    fail(lab, lab.claim(shard.shard_id), replace(again(action=RecoveryAction.FAIL_OVER), level=5))
    assert lab.ledger.fallbacks.failed_over() == {"cpu"}
    (alarm,) = lab.ledger.views.alarms()
    assert lab.ledger.views.alarms(shard.job_id) == [alarm]
    assert lab.ledger.views.alarms("another") == []
    assert (alarm.shard_id, alarm.worker, alarm.failures, alarm.failure) == (shard.shard_id, "dtf@w1", 2, "crash")
    (line,) = alarm_lines([alarm], alarm.at + 20.0)
    assert "(queue cpu) failed 2 times, last 20.0 s ago on dtf@w1, and goes to other workers: crash: it crashed" in line
    Outbox(lab.ledger.control, lambda _: None, SystemClock()).tick(lab.term)
    (said,) = [record.getMessage() for record in caplog.records if "an operator is needed" in record.getMessage()]
    assert shard.shard_id in said
    assert "it crashed" in said
    lab.record(result(lab.claim(shard.shard_id)))
    assert lab.ledger.views.alarms() == []
    assert lab.ledger.fallbacks.failed_over() == set()
    found = lab.ledger.recoveries.history()[-1]
    assert (found.action, found.level, found.succeeded) == (RecoveryAction.FAIL_OVER, 5, True)


def test_snapshots_are_kept_by_name(lab: Laboratory) -> None:
    """The last text under a name is the one that is found."""
    snapshots = lab.ledger.snapshots
    assert snapshots.load("bandit") is None
    snapshots.save("bandit", "{}")
    snapshots.save("bandit", '{"a": 1}')
    snapshots.save("a", "[]")
    assert snapshots.load("bandit") == '{"a": 1}'
    assert list(snapshots.keys()) == ["a", "bandit"]


def test_cases_of_a_suite_survive_what_sends_it_elsewhere(lab: Laboratory) -> None:
    """What was reported before the failure counts; only the rest goes to the other worker."""
    lab.plan(3)
    first = lab.claim()
    partial = replace(result(first, Outcome.INFRA, cases(first, first=2), "it crashed"))
    lab.record(partial, again(avoid=("w1",)))
    rest = lab.claim(worker_id="w2")
    assert [ordinal for ordinal, _ in rest.items] == [2]


def test_what_is_bound_to_a_worker_waits_and_runs_nowhere_else(lab: Laboratory) -> None:
    """The most urgent first; nothing that another live worker takes, is not due, or waits in another queue."""
    for name in ("w1", "w2"):
        lab.ledger.workers.register(worker(name))
    names = {view.info.worker_id: view.info.name for view in lab.ledger.views.workers()}
    refusing = [Target(hardware="cpu", name=names["w2"])]
    lab.submit(command(), replace(command(), name="urgent", priority=command().priority + 1))
    ask = lab.ledger.shards
    assert ask.bound_to("w1", ["cpu"], [], 8) == [], "the other one takes it"
    found = ask.bound_to("w1", ["cpu"], refusing, 8)
    assert [(queue, job.name) for _, queue, job in found] == [("cpu", "urgent"), ("cpu", command().name)]
    assert ask.bound_to("w1", ["cpu"], refusing, 1) == found[:1]
    assert ask.bound_to("w1", ["cuda"], refusing, 8) == []
    assert ask.bound_to("w1", [], refusing, 8) == []
    shard = ask.claim(found[0][0], worker_id="w1", slot=0, lease_s=30)
    assert shard is not None
    fail(lab, shard, again())
    later = {"not_before": shards.c.queued_at + 1000}
    lab.ledger.database.write(lambda connection: connection.execute(sa.update(shards).values(later)))
    assert ask.bound_to("w1", ["cpu"], refusing, 8) == []
