from collections.abc import Mapping
from dataclasses import replace

from dtf.analysis.holding import quarantined
from dtf.analysis.why import Cause, Situation, why
from dtf.cli.running.quarantine_lines import quarantine_lines
from dtf.domain.breaker import BreakerMode, BreakerState, Target
from dtf.domain.outcome import Outcome
from dtf.domain.ports.breakers import BreakerView
from dtf.domain.ports.views import JobView, LeaderView, ShardView, WorkerView
from dtf.domain.quarantine import Quarantine
from dtf.domain.shard import JobState, ShardState
from dtf.domain.slot import Slot
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import JobSpec
from dtf.domain.work import CommandWork
from dtf.domain.worker import Device, DeviceState, WorkerInfo, WorkerLoad, WorkerState

NOW = 1000.0


def _job(hardware: str = "cuda") -> JobView:
    source = Source(kind=SourceKind.PATH, location="/x")
    spec = JobSpec(name="job", work=CommandWork(argv=("true",)), source=source, hardware=hardware)
    return JobView(
        job_id="j1",
        run_id="r1",
        spec=spec,
        state=JobState.RUNNING,
        outcome=None,
        reason="",
        created_at=900.0,
        started_at=None,
        finished_at=None,
        shards={},
        cases={},
        expected=0,
    )


SHARD = ShardView(
    shard_id="s1",
    job_id="j1",
    queue="cuda",
    kind="run",
    state=ShardState.QUEUED,
    attempt=0,
    crashes=0,
    priority=5,
    rank=0,
    predicted_s=1.0,
    cases=0,
    not_before=None,
    hinted_at=None,
    lease_until=None,
    worker_id=None,
    outcome=None,
    reason="",
)

GPU = Device(kind="cuda", name="H100", uuid="GPU-1")


def _worker(*devices: Device, queue: str = "cuda", busy: int = 0) -> WorkerView:
    info = WorkerInfo(
        worker_id="w1",
        name="celery@lab1",
        host="lab1",
        fingerprint="f",
        pid=1,
        queues=(queue,),
        slots=2,
        devices=devices,
    )
    load = WorkerLoad(cpu_percent=0, memory_percent=0, load_1m=0, busy_slots=busy)
    return WorkerView(info=info, state=WorkerState.ONLINE, load=load, registered_at=NOW, seen_at=NOW, took_work_at=None)


def _situation(
    *workers: WorkerView,
    job: JobView | None = None,
    shards: tuple[ShardView, ...] = (SHARD,),
    leader: LeaderView | None = None,
    backlog: Mapping[str, Mapping[str, int]] | None = None,
    refusing: tuple[BreakerView, ...] = (),
) -> Situation:
    return Situation(
        job=job or _job(),
        shards=shards,
        workers=workers,
        leader=leader or LeaderView(holder="c1", term=1, expires_in_s=8.0),
        backlog=backlog or {},
        now=NOW,
        refusing=refusing,
    )


def test_a_finished_job_waits_for_nothing() -> None:
    """The verdict and its reason are told, whatever the cluster looks like."""
    job = replace(_job(), state=JobState.FINISHED, outcome=Outcome.INFRA, reason="its worker was lost")

    answer = why(_situation(job=job, shards=(), leader=LeaderView(holder="", term=0, expires_in_s=0)))

    assert answer.cause is Cause.FINISHED
    assert answer.sentence == "It is finished, infra: its worker was lost."


def test_a_claimed_job_names_its_workers() -> None:
    """Who has it, and what still waits."""
    claimed = replace(SHARD, state=ShardState.CLAIMED, worker_id="w1")

    answer = why(_situation(_worker(GPU), shards=(claimed, SHARD)))

    assert answer.cause is Cause.RUNNING
    assert "celery@lab1" in answer.sentence
    assert "1 shard wait" in answer.sentence


def test_without_a_leader_nothing_is_dispatched() -> None:
    """A free lease and one that ran out are the same; the advice names the commands."""
    for leader in (LeaderView(holder="", term=3, expires_in_s=0.0), LeaderView(holder="c1", term=3, expires_in_s=-1.0)):
        answer = why(_situation(_worker(GPU), leader=leader))

        assert answer.cause is Cause.NO_LEADER
        assert "dtf up" in answer.advice


def test_a_queue_that_nobody_consumes_is_named() -> None:
    """A worker of another queue does not help."""
    answer = why(_situation(_worker(queue="cpu")))

    assert answer.cause is Cause.NO_WORKER
    assert "cuda" in answer.sentence
    assert "dtf worker -Q cuda" in answer.advice


def test_workers_that_take_no_work_are_listed_with_the_reason() -> None:
    """Draining, offline and silent are different things to do something about."""
    draining = replace(_worker(GPU), state=WorkerState.DRAINING)
    offline = replace(_worker(GPU), state=WorkerState.OFFLINE)
    silent = replace(_worker(GPU), seen_at=NOW - 45)

    answer = why(_situation(draining, offline, silent))

    assert answer.cause is Cause.WORKERS_AWAY
    assert all(words in answer.sentence for words in ("is draining", "is offline", "silent for 45 s"))


def test_workers_of_one_name_are_told_together() -> None:
    """A worker that was started eight times is one name."""
    answer = why(_situation(*[replace(_worker(GPU), state=WorkerState.OFFLINE)] * 8))

    assert answer.sentence.count("is offline") == 1
    assert "celery@lab1 (8 times) is offline" in answer.sentence


def test_a_worker_without_the_device_does_not_serve_its_queue() -> None:
    """`celery -A dtf worker -Q cuda` on a machine without CUDA."""
    answer = why(_situation(_worker()))

    assert answer.cause is Cause.NO_DEVICE
    assert "no cuda device" in answer.sentence


def test_a_failed_device_is_named_with_its_reason() -> None:
    """It was found, and why it does not serve is known."""
    broken = replace(GPU, state=DeviceState.FAILED, reason="wrong answer in the self-test")

    answer = why(_situation(_worker(broken)))

    assert answer.cause is Cause.NO_DEVICE
    assert "H100 failed (wrong answer in the self-test)" in answer.sentence


def test_a_shard_that_pauses_after_a_crash_says_until_when() -> None:
    """Only when no other shard of the job could run."""
    paused = replace(SHARD, not_before=NOW + 4, crashes=2, reason="the worker was killed")

    answer = why(_situation(_worker(GPU), shards=(paused,)))

    assert answer.cause is Cause.NOT_BEFORE
    assert "in 4 s" in answer.sentence
    assert "the worker was killed" in answer.sentence
    assert why(_situation(_worker(GPU), shards=(paused, SHARD))).cause is not Cause.NOT_BEFORE


def test_a_hint_that_nobody_took_says_how_long_it_is_out() -> None:
    """And whether that is for want of a free slot."""
    hinted = replace(SHARD, hinted_at=NOW - 12)

    answer = why(_situation(_worker(GPU, busy=2), shards=(hinted,)))

    assert answer.cause is Cause.HINTED
    assert "12 s ago" in answer.sentence
    assert "all 2 slots are busy" in answer.sentence


def test_a_job_behind_others_says_how_many() -> None:
    """Shards of its own do not count."""
    answer = why(_situation(_worker(GPU), backlog={"cuda": {"queued": 30, "claimed": 2}}))

    assert answer.cause is Cause.BEHIND
    assert "31 shards of other jobs" in answer.sentence


def test_a_collected_suite_is_about_to_be_planned() -> None:
    """Between collection and the planner's next tick."""
    job = replace(_job(), state=JobState.PLANNING)

    assert why(_situation(_worker(GPU), job=job, shards=())).cause is Cause.PLANNING


def _open(name: str, mode: BreakerMode = BreakerMode.AUTO) -> BreakerView:
    target = Target(hardware="cuda", name=name)
    reason = "2 failures where 1 % is normal"
    return BreakerView(
        target=target, state=BreakerState.OPEN, mode=mode, since=NOW - 12, bad=0.95, epoch=1, reason=reason
    )


def test_an_open_breaker_is_named_with_its_reason() -> None:
    """Where it keeps the job from every slot; another one's keeps it from nothing."""
    answer = why(_situation(_worker(GPU), refusing=(_open("celery@lab1"),)))

    assert answer.cause is Cause.BREAKER_OPEN
    assert "cuda/celery@lab1 is open for 12 s: 2 failures where 1 % is normal" in answer.sentence
    assert "when probes succeed" in answer.advice
    assert why(_situation(_worker(GPU), refusing=(_open("celery@lab2"),))).cause is not Cause.BREAKER_OPEN


def test_who_holds_a_breaker_open_is_told() -> None:
    """It does not close by itself; a fallback that the job allows is named."""
    job = _job()
    job = replace(job, spec=replace(job.spec, fallback=("webgpu", "cpu")))
    answer = why(_situation(_worker(GPU), job=job, refusing=(_open("celery@lab1", BreakerMode.FORCED_OPEN),)))

    assert "cuda/celery@lab1 is forced open for 12 s" in answer.sentence
    assert "goes to the fallback it allows (webgpu, cpu)" in answer.sentence
    assert "dtf breakers auto cuda/celery@lab1" in answer.advice


def test_quarantine_is_told() -> None:
    """A device that a worker gives to nobody, though its breaker is closed: who, since when, why, and how it ends."""
    bad = Quarantine(
        target=Target(hardware="cuda", name="GPU-1"), slots=(0,), for_s=20.0, reason="after reset_device it hung"
    )
    worker = _worker(GPU)
    info = replace(worker.info, slots=1, slot_table=(Slot(number=0, tags=("cuda",), devices=("GPU-1",)),))
    assert worker.load is not None
    worker = replace(worker, info=info, load=replace(worker.load, quarantine=(bad,)), seen_at=NOW - 1.0)
    answer = why(_situation(worker))

    assert answer.cause is Cause.QUARANTINE
    assert "cuda/GPU-1 on celery@lab1 is in quarantine for 21 s: after reset_device it hung" in answer.sentence
    assert "when a canary passes" in answer.advice
    sound = replace(_worker(GPU), info=replace(info, worker_id="w2", name="celery@lab2"))
    assert why(_situation(worker, sound)).cause is not Cause.QUARANTINE
    (line, ends) = quarantine_lines(quarantined([worker]), NOW)
    assert line == "in quarantine for 21.0 s: cuda/GPU-1 on celery@lab1 (slot 0): after reset_device it hung"
    assert "dtf breakers close TARGET" in ends


def test_what_waits_on_its_fallback_says_so() -> None:
    """Beside what it waits for there."""
    moved = replace(SHARD, queue="cpu")
    answer = why(_situation(_worker(queue="cpu"), shards=(moved,)))

    assert answer.cause is Cause.BEHIND
    assert answer.sentence.endswith("As the breakers of cuda are open, it was sent to its fallback cpu.")
