"""Moments of a laboratory, made by hand."""

from dataclasses import replace
from typing import Any

from dtf.domain.outcome import Outcome
from dtf.domain.ports.monitor import Moment, TaskView, Totals
from dtf.domain.ports.views import AlarmView, LeaderView, RunView, WorkerView
from dtf.domain.shard import JobState
from dtf.domain.worker import Device, WorkerInfo, WorkerLoad, WorkerState

#: When they are.
NOW = 10_000.0

LED = LeaderView(holder="lab1:17", term=3, expires_in_s=8.0)

_EMPTY = Moment(
    as_of=NOW,
    sequence=1,
    totals=Totals(),
    runs=(),
    tasks=(),
    workers=(),
    backlog={},
    leader=LED,
    coordinators=(),
    handovers=(),
    alarms=(),
    recoveries=(),
)

_RUN = RunView(
    run_id="r1",
    name="nightly",
    created_at=NOW - 60,
    started_at=NOW - 50,
    finished_at=None,
    outcome=None,
    reason="",
    labels={},
    jobs=1,
    jobs_finished=0,
    attempts=1,
    cases={},
    expected=0,
    running=0,
    running_failed=0,
    shards={},
)

_TASK = TaskView(
    job_id="j1",
    run_id="r1",
    name="job",
    kind="pytest",
    hardware="cpu",
    state=JobState.FINISHED,
    outcome=Outcome.PASSED,
    priority=5,
    created_at=NOW - 60,
    started_at=NOW - 50,
    finished_at=NOW - 10,
)

_ALARM = AlarmView(
    shard_id="s1",
    job_id="j1",
    run_id="r1",
    queue="cuda",
    failures=3,
    failure="gpu_error",
    worker="celery@lab1",
    at=NOW - 5,
    reason="the device did not come back",
)


def moment(**values: Any) -> Moment:
    """A laboratory that is led and has nothing, but for these values."""
    return replace(_EMPTY, **values)


def run(**values: Any) -> RunView:
    """A run that is under way."""
    return replace(_RUN, **values)


def task(**values: Any) -> TaskView:
    """A job that has passed."""
    return replace(_TASK, **values)


def alarm(**values: Any) -> AlarmView:
    """A shard that an operator is needed for."""
    return replace(_ALARM, **values)


def worker(
    name: str = "celery@lab1",
    *devices: Device,
    state: WorkerState = WorkerState.ONLINE,
    seen_at: float = NOW,
    queues: tuple[str, ...] = ("cpu",),
    **load: Any,
) -> WorkerView:
    """A worker with two slots, heard just now; ``load`` goes into what it reported."""
    info = WorkerInfo(
        worker_id=f"id-{name}",
        name=name,
        host="lab1",
        fingerprint="f",
        pid=1,
        queues=queues,
        slots=2,
        devices=devices,
    )
    told = WorkerLoad(**({"cpu_percent": 1.0, "memory_percent": 2.0, "load_1m": 0.5, "busy_slots": 1} | load))
    return WorkerView(info=info, state=state, load=told, registered_at=NOW - 99, seen_at=seen_at, took_work_at=None)
