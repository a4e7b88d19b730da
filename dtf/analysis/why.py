"""Why a job waits, and what to do about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dtf.domain.ports.views import JobView, LeaderView, ShardView, WorkerView
from dtf.domain.shard import JobState, ShardState
from dtf.domain.worker import Device, DeviceState, WorkerState

#: A worker that was not heard for so long is taken for lost, in seconds.
SILENT_S = 30.0


class Cause(StrEnum):
    """What a job is doing or waiting for."""

    FINISHED = "finished"
    RUNNING = "running"
    NO_LEADER = "no_leader"
    NO_WORKER = "no_worker"
    WORKERS_AWAY = "workers_away"
    NO_DEVICE = "no_device"
    PLANNING = "planning"
    NOT_BEFORE = "not_before"
    HINTED = "hinted"
    BEHIND = "behind"


#: What nobody here can run, whatever the time: nothing that is there now will ever take it.
NO_CAPACITY = frozenset({Cause.NO_WORKER, Cause.WORKERS_AWAY, Cause.NO_DEVICE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The answer.

    Attributes:
        cause: What the job is doing or waiting for.
        sentence: The same for people.
        advice: What to do; empty: nothing, it goes on by itself.
    """

    cause: Cause
    sentence: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything that the answer is drawn from.

    Attributes:
        job: The job.
        shards: Its shards.
        workers: All workers that are known.
        leader: Who leads.
        backlog: For each queue its unfinished shards by state, of all jobs.
        now: Seconds since the epoch, on the database's clock.
    """

    job: JobView
    shards: Sequence[ShardView]
    workers: Sequence[WorkerView]
    leader: LeaderView
    backlog: Mapping[str, Mapping[str, int]]
    now: float

    @property
    def queue(self) -> str:
        """Where the job's shards wait."""
        return next((shard.queue for shard in self.waiting), self.job.spec.hardware)

    @property
    def waiting(self) -> list[ShardView]:
        """The job's queued shards."""
        return [shard for shard in self.shards if shard.state is ShardState.QUEUED]

    @property
    def consumers(self) -> list[WorkerView]:
        """The workers that consume the queue, whatever their state."""
        return [worker for worker in self.workers if self.queue in worker.info.queues]

    @property
    def live(self) -> list[WorkerView]:
        """Those of them that take work."""
        return [worker for worker in self.consumers if _absence(worker, self.now) is None]


def why(situation: Situation) -> Why:
    """Say what a job is doing, or the first thing that keeps it from running."""
    answers = (check(situation) for check in _CHECKS)
    return next((answer for answer in answers if answer is not None), _behind(situation))


def _finished(s: Situation) -> Why | None:
    if s.job.state is not JobState.FINISHED:
        return None
    reason = f": {s.job.reason}" if s.job.reason else ""
    return Why(cause=Cause.FINISHED, sentence=f"It is finished, {s.job.outcome or 'without a verdict'}{reason}.")


def _running(s: Situation) -> Why | None:
    claimed = [shard for shard in s.shards if shard.state is ShardState.CLAIMED]
    if not claimed:
        return None
    names = {worker.info.worker_id: worker.info.name for worker in s.workers}
    holders = sorted({names.get(shard.worker_id or "", shard.worker_id or "?") for shard in claimed})
    what = "is collected" if s.job.state is JobState.COLLECTING else f"runs, {_shards(len(claimed))} at the moment,"
    rest = f"; {_shards(len(s.waiting))} wait" if s.waiting else ""
    return Why(cause=Cause.RUNNING, sentence=f"It {what} on {', '.join(holders)}{rest}.")


def _no_leader(s: Situation) -> Why | None:
    if s.leader.holder and s.leader.expires_in_s > 0:
        return None
    return Why(
        cause=Cause.NO_LEADER,
        sentence="No coordinator leads, so nothing is dispatched.",
        advice="Start a cluster with `dtf up`, or a coordinator of an existing one with `dtf coordinator`.",
    )


def _planning(s: Situation) -> Why | None:
    if s.job.state is not JobState.PLANNING:
        return None
    return Why(cause=Cause.PLANNING, sentence="It is collected, and about to be cut into shards.")


def _no_worker(s: Situation) -> Why | None:
    if s.consumers:
        return None
    return Why(
        cause=Cause.NO_WORKER,
        sentence=f"No worker that has the hardware for it consumes the queue {s.queue}.",
        advice=f"Start one where the hardware is: `dtf worker -Q {s.queue}`.",
    )


def _workers_away(s: Situation) -> Why | None:
    if s.live:
        return None
    absences = [f"{worker.info.name} {_absence(worker, s.now)}" for worker in s.consumers]
    return Why(
        cause=Cause.WORKERS_AWAY,
        sentence=f"No worker of the queue {s.queue} takes work: {', '.join(absences)}.",
        advice=f"Start one again: `dtf worker -Q {s.queue}`.",
    )


def _no_device(s: Situation) -> Why | None:
    hardware = s.job.spec.hardware
    devices = [device for worker in s.live for device in worker.info.devices if device.kind == hardware]
    if any(device.state is DeviceState.AVAILABLE for device in devices) or hardware == "cpu":
        return None
    names = ", ".join(worker.info.name for worker in s.live)
    found = f": {', '.join(_failure(device) for device in devices)}" if devices else ""
    return Why(
        cause=Cause.NO_DEVICE,
        sentence=f"{names} consumes the queue {s.queue}, but no {hardware} device serves it{found}.",
        advice=f"Start a worker on a machine with {hardware}, or see `dtf doctor` there for what was probed.",
    )


def _not_before(s: Situation) -> Why | None:
    waits = [shard.not_before - s.now for shard in s.waiting if shard.not_before is not None]
    if not s.waiting or len(waits) < len(s.waiting) or min(waits) <= 0:
        return None
    reason = next((f" ({shard.reason})" for shard in s.waiting if shard.reason), "")
    crashes = max(shard.crashes for shard in s.waiting)
    return Why(
        cause=Cause.NOT_BEFORE,
        sentence=f"It runs again in {min(waits):.0f} s, after {crashes} infrastructure failures{reason}.",
    )


def _hinted(s: Situation) -> Why | None:
    since = [s.now - shard.hinted_at for shard in s.waiting if shard.hinted_at is not None]
    if not since:
        return None
    slots = sum(worker.info.slots for worker in s.live)
    busy = sum(worker.load.busy_slots for worker in s.live if worker.load is not None)
    state = f"all {slots} slots are busy" if busy >= slots else f"{busy} of {slots} slots are busy"
    return Why(
        cause=Cause.HINTED,
        sentence=f"It was offered to the workers {max(*since, 0.0):.0f} s ago and is not claimed yet; {state}.",
    )


def _behind(s: Situation) -> Why:
    others = max(sum(s.backlog.get(s.queue, {}).values()) - len(s.waiting), 0)
    slots = sum(worker.info.slots for worker in s.live)
    return Why(
        cause=Cause.BEHIND,
        sentence=(
            f"It waits for its turn with priority {s.job.spec.priority} in the queue {s.queue}, where {slots} slots"
            f" have {_shards(others)} of other jobs to run."
        ),
    )


_CHECKS: tuple[Callable[[Situation], Why | None], ...] = (
    _finished, _running, _no_leader, _planning, _no_worker, _workers_away, _no_device, _not_before, _hinted,
)  # fmt: skip


def _absence(worker: WorkerView, now: float) -> str | None:
    """Why a worker takes no work, or None when it does."""
    if worker.state is WorkerState.DRAINING:
        return "is draining"
    if worker.state is WorkerState.OFFLINE:
        return "is offline"
    if now - worker.seen_at > SILENT_S:
        return f"has been silent for {now - worker.seen_at:.0f} s"
    return "has no slots" if worker.info.slots < 1 else None


def _failure(device: Device) -> str:
    return f"{device.name} {device.state}" + (f" ({device.reason})" if device.reason else "")


def _shards(count: int) -> str:
    return "1 shard" if count == 1 else f"{count} shards"
