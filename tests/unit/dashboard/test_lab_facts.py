import json
from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dtf.breakers.status import BreakerStatus
from dtf.dashboard.live.facts.hardware import Use, hardware
from dtf.dashboard.live.facts.tasks import tasks
from dtf.dashboard.live.facts.workers import MOST_OFFLINE, workers
from dtf.dashboard.live.seen import Seen
from dtf.domain.breaker import BreakerMode, BreakerState, Target
from dtf.domain.learned import LearnedTarget
from dtf.domain.outcome import Outcome
from dtf.domain.ports.breakers import BreakerView
from dtf.domain.ports.monitor import ClaimView, TaskView, Totals
from dtf.domain.ports.views import WorkerView
from dtf.domain.quarantine import Quarantine
from dtf.domain.shard import JobState
from dtf.domain.slot import Slot
from dtf.domain.worker import Device, DeviceState, WorkerState
from tests.support.moments import NOW, moment, task, worker

_H100 = Device(kind="cuda", name="H100", uuid="GPU-1")
_SWIFT = Device(kind="webgpu", name="SwiftShader", uuid="B-1", details={"software": True})


def _seen(*, breakers: tuple[BreakerView, ...] | None = (), **values: Any) -> Seen:
    told = None if breakers is None else [_status(view) for view in breakers]
    return Seen(moment=moment(**values), runs_cluster=True, place="state directory /s", breakers=told)


def _status(view: BreakerView) -> BreakerStatus:
    return BreakerStatus(
        view=view,
        age_s=1.0,
        probes=0,
        threshold=None,
        default_threshold=None,
        base_rate=0.01,
        default_base_rate=0.01,
        why_fixed="",
        learned=LearnedTarget(),
    )


def _breaker(target: Target, state: BreakerState, mode: BreakerMode = BreakerMode.AUTO) -> BreakerView:
    return BreakerView(target=target, state=state, mode=mode, since=NOW - 9, bad=0.9)


def _with_slots(view: WorkerView, *slots: Slot) -> WorkerView:
    return replace(view, info=replace(view.info, slot_table=slots, slots=len(slots)))


def _claim(view: WorkerView, slot: int = 0, queue: str = "cpu", name: str = "job") -> ClaimView:
    return ClaimView(
        shard_id=f"s-{view.info.worker_id}-{slot}",
        attempt=2,
        job_id="j1",
        run_id="r1",
        name=name,
        queue=queue,
        worker_id=view.info.worker_id,
        slot=slot,
        claimed_at=NOW - 3,
    )


# --- jobs


_TASKS = st.builds(
    task,
    job_id=st.uuids().map(str),
    state=st.sampled_from(JobState),
    outcome=st.sampled_from(Outcome),
    started_at=st.none() | st.just(NOW - 5),
    workers=st.lists(st.sampled_from(("w1", "w2")), unique=True).map(tuple),
)


@given(st.lists(_TASKS, max_size=12))
def test_jobs_are_counted_as_they_stand_there(told: list[TaskView]) -> None:
    """The counts by status, which come from the totals, are those of the jobs one by one, and so is their sum."""
    waiting = sum(one.state is not JobState.FINISHED and one.started_at is None for one in told)
    over = Counter(one.outcome.value for one in told if one.state is JobState.FINISHED and one.outcome)
    totals = Totals(jobs_waiting=waiting, jobs_running=len(told) - waiting - over.total(), jobs=over)
    value = tasks(_seen(tasks=told, totals=totals))
    plain = Counter(one["status"] for one in value["tasks"].values())
    assert {status: count for status, count in value["counts"].items() if count} == plain
    assert value["total"] == len(told) == len(value["tasks"])
    json.dumps(value, allow_nan=False)


def test_a_job_in_the_words_that_users_know() -> None:
    """Its id, type, status, priority and worker; what is not known is missing."""
    told = tasks(_seen(tasks=[task(state=JobState.RUNNING, outcome=None, workers=("w1", "w2"))], sequence=17))
    one = told["tasks"]["j1"]
    words = ("id", "type", "status", "priority", "worker_id", "worker_ids")
    assert [one[word] for word in words] == ["j1", "pytest", "running", 5, "w1", ["w1", "w2"]]
    assert told["sequence"] == 17
    waiting = tasks(_seen(tasks=[task(state=JobState.COLLECTING, outcome=None, started_at=None, finished_at=None)]))
    assert waiting["tasks"]["j1"]["status"] == "waiting"
    assert "worker_id" not in waiting["tasks"]["j1"]
    assert "started_at" not in waiting["tasks"]["j1"]


# --- workers


def test_a_worker_in_the_words_that_users_know() -> None:
    """What the infrastructure failed is not completed, and counts against the worker; what was cancelled is neither."""
    gpu = worker("a", _H100, queues=("cuda",), cpu_percent=12.5, memory_percent=40.0)
    totals = Totals(attempts={gpu.info.worker_id: {"passed": 5, "skipped": 1, "failed": 2, "infra": 2, "cancelled": 9}})
    one = workers(_seen(workers=[gpu], totals=totals))[gpu.info.worker_id]
    words = ("id", "status", "health", "cpu", "memory", "tasks_completed", "success_rate", "hardware")
    assert [one[word] for word in words] == ["id-a", "online", "healthy", 12.5, 40.0, 8, 0.75, ["cuda"]]
    assert one["infra_rate"] == 0.2
    assert (one["slots"], one["busy_slots"], one["seen_at"]) == (2, 1, NOW)


def test_what_a_worker_has_not_told_is_missing() -> None:
    """No load, or an old one of a worker that is gone, so no CPU; no attempts, so no rates."""
    gone = worker("gone", state=WorkerState.OFFLINE)
    told = workers(_seen(workers=[replace(worker("a"), load=None), gone]))
    assert not {"cpu", "memory", "busy_slots"} & set(told["id-gone"])
    one = told["id-a"]
    assert not {"cpu", "memory", "busy_slots", "success_rate", "infra_rate", "took_work_at"} & set(one)
    json.dumps(one, allow_nan=False)


def test_slots_say_what_they_own_and_run() -> None:
    """By their numbers; the memory of their processes with them, and what is in quarantine since when."""
    inside = Quarantine(target=Target(hardware="cuda", name="GPU-1"), slots=(1,), for_s=4.4, reason="no canary passed")
    plain = worker("a", _H100, slot_memory_bytes={"0": 4096}, quarantine=(inside,))
    view = _with_slots(plain, Slot(number=0, tags=("cpu",)), Slot(number=1, tags=("cuda", "gpu"), devices=("GPU-1",)))
    one = workers(_seen(workers=[view], claims=[_claim(view, 1, "cuda", "train")]))["id-a"]
    assert one["slot_table"]["0"] == {"tags": ["cpu"], "devices": [], "rss_bytes": 4096}
    assert one["slot_table"]["1"]["devices"] == [0]
    assert one["slot_table"]["1"]["runs"]["name"] == "train"
    (told,) = one["quarantine"]
    assert told == {"target": "cuda/GPU-1", "slots": [1], "since": round(NOW - 4.4), "reason": "no canary passed"}


def test_only_the_last_of_those_that_are_gone_are_told_of() -> None:
    """A laboratory that was started a thousand times has a thousand of them; all that are there are told of."""
    gone = [worker(f"g{n}", state=WorkerState.OFFLINE, seen_at=NOW - n) for n in range(2 * MOST_OFFLINE)]
    here = [worker(f"h{n}") for n in range(2 * MOST_OFFLINE)]
    told = workers(_seen(workers=[*gone, *here]))
    assert sum(one["status"] == "online" for one in told.values()) == len(here)
    assert {name for name, one in told.items() if one["status"] == "offline"} == {
        f"id-g{n}" for n in range(MOST_OFFLINE)
    }


# --- hardware


_DEVICES = st.builds(
    Device,
    kind=st.sampled_from(("cpu", "cuda", "webgpu")),
    name=st.just("N"),
    uuid=st.sampled_from("ABCD"),
    state=st.sampled_from(DeviceState),
    simulated=st.booleans(),
    details=st.sampled_from(({}, {"software": True})),
)
_SLOTS = st.lists(st.sampled_from("ABCD"), max_size=2, unique=True).map(tuple)


@st.composite
def _laboratories(draw: st.DrawFn) -> Seen:
    views, claims = [], []
    for at in range(draw(st.integers(0, 4))):
        devices = draw(st.lists(_DEVICES, max_size=4, unique_by=lambda one: (one.kind, one.uuid)))
        seen_at = NOW - draw(st.sampled_from((1.0, 40.0)))
        plain = worker(f"w{at}", *devices, state=draw(st.sampled_from(WorkerState)), seen_at=seen_at)
        slots = [Slot(number=n, tags=("cpu",), devices=draw(_SLOTS)) for n in range(draw(st.integers(0, 3)))]
        view = _with_slots(plain, *slots)
        views.append(view)
        claims += [_claim(view, slot.number) for slot in slots if draw(st.booleans())]
    broken = draw(st.lists(st.sampled_from("ABCD"), unique=True))
    breakers = tuple(_breaker(Target(hardware="cuda", name=name), BreakerState.OPEN) for name in broken)
    return _seen(workers=views, claims=claims, breakers=breakers)


@given(_laboratories())
def test_devices_are_counted_as_they_stand_there(seen: Seen) -> None:
    """Each device of each worker that is there once, by type and use; software and simulated ones among their own."""
    told = hardware(seen)
    there = [one for one in seen.moment.workers if one.state is not WorkerState.OFFLINE]
    assert len(told["devices"]) == sum(len(one.info.devices) for one in there)
    plain = Counter((row["type"], row["use"]) for row in told["devices"].values())
    for kind, counts in told["types"].items():
        assert counts["devices"] == sum(counts[use.value] for use in Use)
        for use in Use:
            assert counts[use.value] == plain[kind, use.value]
    real = sum(not one.simulated and "software" not in one.details for view in there for one in view.info.devices)
    assert sum(counts["devices"] for kind, counts in told["types"].items() if ":" not in kind) == real
    json.dumps(told, allow_nan=False)


def test_what_becomes_of_a_device() -> None:
    """Available, busy, held by a breaker, in quarantine, failed, of a silent or draining worker, and nobody's."""
    slot = Slot(number=0, tags=("cuda", "gpu"), devices=("GPU-1",))
    good = _with_slots(worker("a", _H100, queues=("cuda",)), slot)
    target = Target(hardware="cuda", name="GPU-1")

    def use(view: WorkerView, **values: Any) -> str:
        (row,) = hardware(_seen(workers=[view], **values))["devices"].values()
        return str(row["use"])

    assert use(good) == "available"
    assert use(good, claims=[_claim(good, queue="cuda[vram_gb>=1]")]) == "busy"
    assert use(good, breakers=(_breaker(target, BreakerState.OPEN),)) == "held"
    assert use(good, breakers=(_breaker(target, BreakerState.OPEN, BreakerMode.FORCED_CLOSED),)) == "available"
    assert use(good, breakers=(_breaker(Target(hardware="cuda", name="a"), BreakerState.OPEN),)) == "held"
    assert good.load is not None
    inside = Quarantine(target=target, slots=(0,), for_s=1.0, reason="")
    assert use(replace(good, load=replace(good.load, quarantine=(inside,)))) == "quarantined"
    failed = replace(_H100, state=DeviceState.FAILED)
    assert use(replace(good, info=replace(good.info, devices=(failed,)))) == "failed"
    assert use(replace(good, state=WorkerState.DRAINING)) == "draining"
    assert use(replace(good, seen_at=NOW - 31)) == "silent"
    assert use(_with_slots(good, Slot(number=0, tags=("cpu",)))) == "unused"


def test_of_a_slots_browsers_the_queue_says_which_is_busy() -> None:
    """Each slot of a worker owns all browsers of its host."""
    fox = replace(_SWIFT, name="Firefox", uuid="B-2", details={"browser": "firefox"})
    chrome = replace(_SWIFT, details={"browser": "chromium", "software": True})
    view = worker("a", fox, chrome, queues=("webgpu",))
    view = _with_slots(view, Slot(number=0, tags=("webgpu",), devices=("B-1", "B-2")))
    told = hardware(_seen(workers=[view], claims=[_claim(view, queue="webgpu[browser=firefox]")]))
    assert [row["use"] for row in told["devices"].values()] == ["busy", "available"]
    assert set(told["types"]) == {"webgpu", "webgpu:software"}
    assert told["devices"]["id-a:1"]["marks"] == ["software"]


def test_breakers_that_cannot_be_had_are_not_taken_for_closed() -> None:
    """It is said that they are not known."""
    assert hardware(_seen(breakers=None))["breakers_known"] is False
    assert hardware(_seen())["breakers_known"] is True
