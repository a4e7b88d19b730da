import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from dtf.domain.errors import TermOverError
from dtf.domain.events import EventKind
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.ports.control import Term
from dtf.domain.ports.shards import Held
from dtf.domain.shard import Finish, JobState, Requeue, ShardPlan
from dtf.domain.specs import JobSpec
from dtf.domain.worker import WorkerLoad, WorkerState
from dtf.storage.database import now
from dtf.storage.ledger import Ledger, open_ledger
from dtf.storage.ledger.schema import jobs, runs, shards
from dtf.storage.ledger.service_schema import leader, workers
from tests.integration.ledger.laboratory import Laboratory, cases, command, result, suite, worker


def _end_leases(ledger: Ledger) -> None:
    """Let every lease of a shard be over, on the database's clock."""
    over = sa.update(shards).where(shards.c.lease_until.is_not(None)).values(lease_until=now() - 1)
    ledger.database.write(lambda connection: connection.execute(over))


def _end_term(ledger: Ledger) -> None:
    ledger.database.write(lambda connection: connection.execute(sa.update(leader).values(expires_at=now() - 1)))


def test_one_of_sixteen_candidates_leads(ledger: Ledger) -> None:
    """The lease has one holder, however many ask at the same moment of an empty ledger."""
    together = threading.Barrier(16)

    def acquire(number: int) -> Term | None:
        together.wait(60)
        return ledger.leadership.acquire(f"c{number}", 60)

    with ThreadPoolExecutor(16) as pool:
        terms = [term for term in pool.map(acquire, range(16)) if term]
    assert [term.number for term in terms] == [1]
    assert ledger.views.leader().holder == terms[0].holder


def test_leader_keeps_its_term_until_it_is_over(ledger: Ledger) -> None:
    """A renewal keeps the term; after its end, a release, or another leader, the number rises."""
    first = ledger.leadership.acquire("a", 60)
    assert first == ledger.leadership.acquire("a", 60) == Term(holder="a", number=1)
    assert ledger.leadership.acquire("b", 60) is None
    ledger.leadership.release(first)
    assert ledger.leadership.acquire("b", 60) == Term(holder="b", number=2)
    ledger.leadership.release(first)
    assert ledger.views.leader().holder == "b", "an old term cannot be given back"
    _end_term(ledger)
    assert ledger.leadership.acquire("b", 60) == Term(holder="b", number=3)
    changes = [event.kind for event in ledger.control.pending_events(10)]
    assert changes == [EventKind.COORDINATOR_CHANGED] * 3


def test_frozen_leader_is_fenced(lab: Laboratory) -> None:
    """Each write of a leader whose term is over changes nothing and says so."""
    lab.submit(suite(), command())
    old = lab.term
    lab.collect(2)
    waiting = lab.waiting()
    held = lab.claim(waiting[0])
    _end_leases(lab.ledger)
    (lost,) = lab.ledger.control.lost_attempts()
    _end_term(lab.ledger)
    control = lab.ledger.control
    for attempt in range(2):
        plan = [ShardPlan(ordinals=(0, 1), affinity="", predicted_s=1, rank=0)]
        for write in (
            lambda plan=plan: control.store_plan(old, lab.job_ids[0], plan),
            lambda: control.mark_hinted(old, waiting),
            lambda: control.expire(old, lost, Finish()),
            lambda: control.mark_delivered(old, [1]),
        ):
            with pytest.raises(TermOverError, match="term 1"):
                write()
        if attempt == 0:
            assert lab.ledger.leadership.acquire("other", 60) is not None
    assert lab.ledger.views.job(lab.job_ids[0]).state is JobState.PLANNING
    assert lab.ledger.shards.renew("w1", [Held(shard_id=held.shard_id, attempt=1)], 30)
    assert lab.ledger.control.pending_events(1)[0].sequence == 1


def test_lease_ends_on_the_databases_clock(lab: Laboratory) -> None:
    """A claim whose lease is over is offered as lost; expiring it is refused when it was renewed meanwhile."""
    lab.submit(command())
    lab.ledger.workers.register(worker())
    shard = lab.claim(lease_s=30)
    assert lab.ledger.control.lost_attempts() == []
    _end_leases(lab.ledger)
    (lost,) = lab.ledger.control.lost_attempts()
    assert (lost.result.outcome, lost.crashes, lost.max_retries) == (Outcome.INFRA, 0, 3)
    assert "dtf@w1" in lost.result.reason
    lab.ledger.shards.renew("w1", [Held(shard_id=shard.shard_id, attempt=1)], 30)
    assert not lab.ledger.control.expire(lab.term, lost, Requeue())
    _end_leases(lab.ledger)
    assert lab.ledger.control.expire(lab.term, lost, Requeue())
    assert not lab.ledger.control.expire(lab.term, lost, Requeue())
    assert not lab.record(result(shard)), "the late result of the expired attempt is stale"
    again = lab.claim()
    assert (again.attempt, again.crashes) == (2, 1)
    assert lab.record(result(again))
    assert lab.outcome is Outcome.PASSED


def test_waiting_is_by_priority_rank_and_age_for_each_queue(lab: Laboratory) -> None:
    """Each queue gives its first few, the hinted ones always; nothing else is looked at."""
    lab.submit(
        command("low", 1), command("high", 9), replace(command("gpu"), hardware="cuda"), command("low2", 1), suite()
    )
    names = {job_id: job.name for job_id, job in zip(lab.job_ids, _specs(lab), strict=True)}
    everything = lab.ledger.control.waiting(10)
    assert [names[shard.job_id] for shard in everything] == ["high", "suite", "low", "low2", "gpu"]
    lab.ledger.control.mark_hinted(lab.term, [everything[3].shard_id])
    first = lab.ledger.control.waiting(1)
    assert [(names[shard.job_id], shard.hinted_s is None) for shard in first] == [
        ("high", True),
        ("gpu", True),
        ("low2", False),
    ]
    assert lab.ledger.views.backlog() == {"cpu": {"queued": 4}, "cuda": {"queued": 1}}


def _specs(lab: Laboratory) -> list[JobSpec]:
    return [view.spec for view in lab.ledger.views.jobs(lab.run_id)]


def test_plan_is_stored_once(lab: Laboratory) -> None:
    """A plan for a job that has one already, or an empty one, inserts nothing."""
    ids = lab.plan(2, 3)
    lab.ledger.control.store_plan(
        lab.term, lab.job_ids[0], [ShardPlan(ordinals=(0,), affinity="", predicted_s=1, rank=0)]
    )
    assert lab.waiting() == ids
    facts = lab.ledger.views.audit(lab.run_id)
    assert facts.planned == {lab.job_ids[0]: dict.fromkeys(range(5), 1)}


def test_empty_plan_ends_the_job_as_empty(lab: Laboratory) -> None:
    """A plan without shards never passes."""
    lab.submit(suite())
    lab.collect(1)
    lab.ledger.control.store_plan(lab.term, lab.job_ids[0], [])
    assert lab.outcome is Outcome.EMPTY


def test_slots_are_those_of_online_workers(lab: Laboratory) -> None:
    """Capacity counts online workers by queue; silent and draining ones are left out; a beat brings one back."""
    for name, slots, queues in (("a", 2, ("cpu",)), ("b", 3, ("cpu", "cuda")), ("c", 4, ("cpu",))):
        lab.ledger.workers.register(worker(name, slots, queues))
    lab.ledger.workers.set_state("c", WorkerState.DRAINING)
    assert lab.ledger.control.slots() == {"cpu": 5, "cuda": 3}
    silent = sa.update(workers).where(workers.c.worker_id == "b").values(seen_at=now() - 100)
    lab.ledger.database.write(lambda connection: connection.execute(silent))
    term = lab.lead()
    assert lab.ledger.control.lose_workers(term, 30) == ["b"]
    assert lab.ledger.control.lose_workers(term, 30) == []
    assert lab.ledger.control.slots() == {"cpu": 2}
    load = WorkerLoad(cpu_percent=1, memory_percent=2, load_1m=float("nan"), busy_slots=1)
    assert lab.ledger.workers.heartbeat("c", load) is WorkerState.DRAINING
    assert lab.ledger.workers.heartbeat("b", load) is WorkerState.ONLINE
    assert [view.info.worker_id for view in lab.ledger.views.workers()] == ["a", "b", "c"]


def test_a_drained_worker_stays_drained(lab: Laboratory) -> None:
    """Neither silence nor a new guardian brings it back; who sets it online does."""
    load = WorkerLoad(cpu_percent=1, memory_percent=2, load_1m=0.0, busy_slots=1)
    assert lab.ledger.workers.register(worker("a")) is WorkerState.ONLINE
    lab.ledger.workers.set_state("a", WorkerState.DRAINING)
    assert lab.ledger.workers.register(worker("a")) is WorkerState.DRAINING
    lab.ledger.workers.set_state("a", WorkerState.OFFLINE)
    assert lab.ledger.workers.heartbeat("a", load) is WorkerState.DRAINING
    lab.ledger.workers.set_state("a", WorkerState.ONLINE)
    assert lab.ledger.workers.heartbeat("a", load) is WorkerState.ONLINE
    assert lab.ledger.workers.register(worker("a")) is WorkerState.ONLINE


def test_run_past_its_time_limit_is_a_timeout(lab: Laboratory) -> None:
    """The run's own limit ends it as TIMEOUT and is told apart from a test that took too long."""
    lab.submit(command("a"), command("b"), timeout_s=0.05)
    held = lab.claim()
    time.sleep(0.1)
    assert lab.ledger.control.cancel_overdue(lab.term) == 1
    assert lab.ledger.control.cancel_overdue(lab.term) == 0
    answer = lab.ledger.shards.renew("w1", [Held(shard_id=held.shard_id, attempt=1)], 30)
    lab.record(result(held, Outcome.CANCELLED, reason=str(answer[held.shard_id].cancel_reason)))
    view = lab.ledger.views.run(lab.run_id)
    assert (view.outcome, view.ended_by) == (Outcome.TIMEOUT, Outcome.TIMEOUT)
    assert view.reason == "time limit: 0.05 s for the whole run"
    lab.plan(1)
    shard = lab.claim()
    lab.record(result(shard, Outcome.TIMEOUT, cases(shard, CaseOutcome.TIMEOUT)))
    view = lab.ledger.views.run(lab.run_id)
    assert (view.outcome, view.ended_by) == (Outcome.TIMEOUT, None)


def test_attached_run_ends_with_its_command(lab: Laboratory) -> None:
    """An attached run that is not touched is cancelled; a touched one and a detached one are not."""
    lab.submit(command(), attached=True)
    attached = lab.run_id
    lab.submit(command())
    lab.ledger.submissions.touch_run(lab.run_id, -100)
    lab.ledger.submissions.touch_run(attached, 60)
    assert lab.ledger.control.cancel_overdue(lab.term) == 0
    lab.ledger.submissions.touch_run(attached, -1)
    assert lab.ledger.control.cancel_overdue(lab.term) == 1
    view = lab.ledger.views.run(attached)
    assert (view.outcome, view.reason) == (Outcome.CANCELLED, "its command ended")
    assert lab.outcome is None


def test_cancelling_many_queued_jobs_takes_few_statements(lab: Laboratory) -> None:
    """A run of thousands of jobs is called off at once, each job is told."""
    lab.submit(*(command(f"c{n}") for n in range(2000)))
    held = lab.claim()
    begun = time.monotonic()
    assert lab.ledger.submissions.cancel_run(lab.run_id, "no") == 2000
    assert time.monotonic() - begun < 5
    assert lab.ledger.views.run(lab.run_id).jobs_finished == 1999
    lab.record(result(held, Outcome.INFRA, reason="killed"), Requeue())
    assert lab.outcome is Outcome.CANCELLED
    kinds = [event.kind for event in lab.ledger.control.pending_events(5000)]
    assert kinds.count(EventKind.JOB_FINISHED) == 2000


def test_settle_is_the_safety_net(lab: Laboratory) -> None:
    """A job and a run that were left open though nothing is left to do are finished; others are left alone."""
    ids = lab.plan(1, 1)
    finished = [lab.claim(shard_id) for shard_id in ids]
    assert lab.ledger.control.settle(lab.term) == 0
    for shard in finished:
        lab.record(result(shard, Outcome.PASSED, cases(shard)))
    reopened = sa.update(jobs).values(state="running", outcome=None)
    lab.ledger.database.write(lambda connection: connection.execute(reopened))
    lab.ledger.database.write(lambda connection: connection.execute(sa.update(runs).values(outcome=None)))
    assert lab.ledger.control.settle(lab.term) == 1
    assert lab.outcome is Outcome.PASSED
    lab.ledger.database.write(lambda connection: connection.execute(sa.update(runs).values(outcome=None)))
    assert lab.ledger.control.settle(lab.term) == 1
    assert lab.outcome is Outcome.PASSED


def test_events_are_delivered_in_order_and_once(lab: Laboratory) -> None:
    """The outbox gives the oldest first and forgets what was delivered."""
    lab.submit(command())
    lab.record(result(lab.claim()))
    events = lab.ledger.control.pending_events(100)
    assert [event.sequence for event in events] == sorted(event.sequence for event in events)
    assert [event.kind for event in events][-2:] == [EventKind.JOB_FINISHED, EventKind.RUN_FINISHED]
    assert events[-1].data["outcome"] == "passed"
    lab.ledger.control.mark_delivered(lab.term, [event.sequence for event in events[:-1]])
    assert [event.kind for event in lab.ledger.control.pending_events(100)] == [EventKind.RUN_FINISHED]


def test_waiting_is_quick_over_a_long_queue(sqlite_url: str) -> None:
    """The dispatcher's question walks an index and stops: 20,000 queued shards do not slow it down."""
    lab = Laboratory(open_ledger(sqlite_url))
    lab.submit(*(command("many") for _ in range(20_000)))
    begun = time.monotonic()
    for _ in range(10):
        assert len(lab.ledger.control.waiting(50)) == 50
    assert (time.monotonic() - begun) / 10 < 0.1
    lab.ledger.close()
