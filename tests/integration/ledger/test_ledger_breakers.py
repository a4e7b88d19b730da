from dataclasses import replace

import pytest

from dtf.domain.breaker import BreakerMode, BreakerState, Target, Transition
from dtf.domain.errors import TermOverError
from dtf.domain.events import EventKind
from dtf.domain.ports.control import Term
from dtf.domain.shard import ShardPlan
from dtf.domain.specs import JobSpec
from dtf.storage.durations import LedgerDurations
from dtf.storage.ledger import Ledger
from tests.integration.ledger.laboratory import Laboratory, cases, command, manifest, result, suite, worker

GPU = Target(hardware="cuda", name="GPU-1")
OLD = Term(holder="somebody", number=0)


def moved(epoch: int, after: BreakerState, at: float = 0.0, target: Target = GPU) -> Transition:
    """A transition."""
    before = BreakerState.CLOSED if after is BreakerState.OPEN else BreakerState.OPEN
    reason = f"reason {epoch}"
    return Transition(target=target, epoch=epoch, at=at or 100.0 + epoch, before=before, after=after, reason=reason)


def told(ledger: Ledger, kind: EventKind = EventKind.BREAKER_CHANGED) -> list[dict[str, object]]:
    """The events of a kind."""
    return [dict(event.data) for event in ledger.control.pending_events(1000) if event.kind is kind]


def test_each_transition_is_told_once(lab: Laboratory) -> None:
    """Whoever tells them again, in whatever pieces, adds nothing; other breakers count for themselves."""
    journal, term = lab.ledger.breakers, lab.lead()
    other = Target(hardware="cpu", name="dtf@lab \0 %_")
    opened, closed = moved(1, BreakerState.OPEN), moved(2, BreakerState.CLOSED)
    assert journal.told() == {}
    assert journal.tell(term, []) == 0
    assert journal.tell(term, [opened]) == 1
    assert journal.tell(term, [opened, closed]) == 1
    assert journal.tell(lab.lead(), [closed, moved(1, BreakerState.OPEN, target=other)]) == 1
    assert [(event["after"], event["reason"]) for event in told(lab.ledger)] == [
        ("open", "reason 1"),
        ("closed", "reason 2"),
        ("open", "reason 1"),
    ]
    last = journal.told()[GPU]
    assert (last.epoch, last.at, last.reason) == (2, 102.0, "reason 2")
    assert len(journal.told()) == 2


def test_a_store_that_lost_its_data_begins_again(lab: Laboratory) -> None:
    """Its epochs are lower and its time is later: these are news, and the old ones are not."""
    journal, term = lab.ledger.breakers, lab.lead()
    journal.tell(term, [moved(n, BreakerState.OPEN) for n in range(1, 8)])
    assert journal.tell(term, [moved(1, BreakerState.OPEN, at=500.0)]) == 1
    assert journal.tell(term, [moved(1, BreakerState.OPEN, at=500.0), moved(2, BreakerState.CLOSED, at=500.0)]) == 1
    assert journal.told()[GPU].epoch == 2


def test_who_does_not_lead_tells_nothing(lab: Laboratory) -> None:
    """A frozen leader that wakes writes no event."""
    lab.lead()
    with pytest.raises(TermOverError):
        lab.ledger.breakers.tell(OLD, [moved(1, BreakerState.OPEN)])
    assert lab.ledger.breakers.told() == {}


def test_the_history_of_a_breaker_has_what_operators_did(lab: Laboratory) -> None:
    """With the reason that they gave, in order, and nothing of others."""
    journal, term = lab.ledger.breakers, lab.lead()
    journal.tell(term, [moved(1, BreakerState.OPEN)])
    journal.tell_mode(GPU, BreakerMode.FORCED_OPEN, "the card is being\0 replaced")
    journal.tell_mode(replace(GPU, name="GPU-2"), BreakerMode.AUTO, "")
    history = journal.history(GPU)
    assert [event.get("after") or event["mode"] for event in history] == ["open", "forced_open"]
    assert history[1]["reason"] == "the card is being␀ replaced"
    assert all(isinstance(event["at"], float) for event in history)
    assert len(journal.history(GPU, limit=1)) == 1


CUDA = "cuda[vram_gb>=24]"


def with_fallback(spec: JobSpec, *fallback: str) -> JobSpec:
    """The job on a large CUDA device, with something to fall back on."""
    return replace(spec, hardware="cuda", requirements=("vram_gb>=24",), fallback=fallback)


def queues(lab: Laboratory) -> list[str]:
    """Where the run's shards are."""
    return [shard.queue for job_id in lab.job_ids for shard in lab.ledger.views.shards(job_id)]


def test_what_waits_goes_to_the_fallback_and_back(lab: Laboratory) -> None:
    """A job that allows none stays; what moved is hinted anew; both ways are told."""
    fallbacks = lab.ledger.fallbacks
    lab.submit(with_fallback(command(), "webgpu", "cpu"), replace(command("other"), hardware="cuda"))
    lab.ledger.control.mark_hinted(lab.term, lab.waiting())
    assert list(fallbacks.open_queues()) == ["cuda", CUDA]
    assert fallbacks.stranded("cuda") == []
    (stranded,) = fallbacks.stranded(CUDA)
    assert (stranded.home, stranded.job_queue, stranded.fallback) == (CUDA, CUDA, ("webgpu", "cpu"))
    assert fallbacks.move(lab.term, stranded, "webgpu", "2 breakers are open") == 1
    assert queues(lab) == ["webgpu", "cuda"]
    (webgpu,) = [shard for shard in lab.ledger.control.waiting(10) if shard.queue == "webgpu"]
    assert webgpu.hinted_s is None
    (stranded,) = fallbacks.stranded("webgpu")
    assert (stranded.queue, stranded.home) == ("webgpu", CUDA)
    assert fallbacks.move(lab.term, stranded, "cpu", "that too") == 1
    assert list(fallbacks.homes()) == [CUDA]
    assert fallbacks.bring_home(lab.term, CUDA, "it is closed again") == 1
    assert fallbacks.bring_home(lab.term, CUDA, "it is closed again") == 0
    assert queues(lab) == [CUDA, "cuda"]
    assert list(fallbacks.homes()) == []
    assert [(event["to"], event["shards"]) for event in told(lab.ledger, EventKind.JOB_MOVED)] == [
        ("webgpu", 1),
        ("cpu", 1),
        (CUDA, 1),
    ]


def test_what_is_claimed_stays_where_it_is(lab: Laboratory) -> None:
    """Neither way does a shard move under the worker that has it; the claim says from which queue it came."""
    fallbacks = lab.ledger.fallbacks
    lab.submit(with_fallback(command(), "cpu"))
    (stranded,) = fallbacks.stranded(CUDA)
    fallbacks.move(lab.term, stranded, "cpu", "open")
    claimed = lab.claim()
    assert (claimed.queue, claimed.job.hardware) == ("cpu", "cuda")
    assert fallbacks.bring_home(lab.term, CUDA, "closed") == 0
    assert fallbacks.stranded("cpu") == []
    assert fallbacks.move(lab.term, replace(stranded, queue="cpu"), "webgpu", "open") == 0
    lab.ledger.shards.release_worker("w1", "stopped")
    assert list(fallbacks.homes()) == [CUDA]
    assert fallbacks.bring_home(lab.term, CUDA, "closed") == 1


def test_who_asks_what_waits_goes_round(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many cannot move: each look begins where the last one ended, and at the front again after the end."""
    monkeypatch.setattr("dtf.storage.ledger.fallbacks._JOBS", 3)
    fallbacks = lab.ledger.fallbacks
    lab.submit(*(with_fallback(command(f"job {number}"), "webgpu", "cpu") for number in range(5)))
    found = list(fallbacks.stranded(CUDA))
    for _ in range(4):
        found += fallbacks.stranded(CUDA, found[-1])
    assert [one.job_id for one in found] == 3 * sorted(lab.job_ids)
    assert fallbacks.move(lab.term, found[-1], "webgpu", "open") == 1
    (there,) = fallbacks.stranded("webgpu", found[-1])
    assert fallbacks.stranded("webgpu", there) == [there]


def test_a_suite_is_collected_on_the_fallback_too(lab: Laboratory) -> None:
    """Otherwise it would never come to have anything to move; only a leader moves."""
    lab.submit(with_fallback(suite(), "cpu"))
    (stranded,) = lab.ledger.fallbacks.stranded(CUDA)
    with pytest.raises(TermOverError):
        lab.ledger.fallbacks.move(OLD, stranded, "cpu", "open")
    assert lab.ledger.fallbacks.move(lab.term, stranded, "cpu", "open") == 1
    with pytest.raises(TermOverError):
        lab.ledger.fallbacks.bring_home(OLD, CUDA, "closed")
    assert queues(lab) == ["cpu"]


def test_durations_of_fallback_hardware_are_not_those_of_its_own(lab: Laboratory) -> None:
    """The next plan for the hardware does not reckon with them."""
    lab.submit(with_fallback(suite(), "cpu"))
    lab.collect(2)
    (to_plan,) = lab.ledger.control.jobs_to_plan()
    plans = [ShardPlan(ordinals=(n,), affinity="a", predicted_s=1.0, rank=n) for n in range(2)]
    lab.ledger.control.store_plan(lab.term, to_plan.job_id, plans)
    first = lab.claim()
    lab.record(result(first, cases=cases(first)))
    (stranded,) = lab.ledger.fallbacks.stranded(CUDA)
    lab.ledger.fallbacks.move(lab.term, stranded, "cpu", "open")
    second = lab.claim()
    assert (first.queue, second.queue) == (CUDA, "cpu")
    lab.record(result(second, cases=cases(second)))
    nodeids = [item.nodeid for item in manifest(2).items]
    assert LedgerDurations(lab.ledger).predict("suite", "cuda", nodeids) == {nodeids[0]: 0.5}


def test_only_workers_that_take_work_are_live(lab: Laboratory) -> None:
    """One that was lost is not asked."""
    lab.lead()
    lab.ledger.workers.register(worker("w1"))
    lab.ledger.workers.register(worker("w2"))
    lab.ledger.control.lose_workers(lab.term, -1.0)
    lab.ledger.workers.register(worker("w2"))
    assert [info.worker_id for info in lab.ledger.fallbacks.live_workers()] == ["w2"]


def test_the_last_order_for_each_breaker_is_known(lab: Laboratory) -> None:
    """With a higher number each time; that it was restored is told by who leads, and is no order."""
    journal, term = lab.ledger.breakers, lab.lead()
    other = replace(GPU, name="GPU-2")
    assert journal.orders() == {}
    first = journal.tell_mode(GPU, BreakerMode.FORCED_OPEN, "fan broken")
    assert journal.tell_mode(other, BreakerMode.METRICS_ONLY, "") > first > 0
    found = journal.orders()
    assert (found[GPU].number, found[GPU].mode, found[GPU].reason) == (first, BreakerMode.FORCED_OPEN, "fan broken")
    journal.tell_restored(term, GPU, found[GPU])
    assert journal.orders() == found
    with pytest.raises(TermOverError):
        journal.tell_restored(OLD, GPU, found[GPU])
    assert [event.get("mode") or event["restored"] for event in journal.history(GPU)] == ["forced_open"] * 2
    last = journal.tell_mode(GPU, BreakerMode.AUTO, "")
    assert journal.orders()[GPU].mode is BreakerMode.AUTO
    assert journal.orders()[GPU].number == last > found[other].number
    assert journal.told() == {}
