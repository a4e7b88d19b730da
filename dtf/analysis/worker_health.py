"""How well a worker does: one word, and what is the matter."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dtf.analysis.holding import keepers, quarantined
from dtf.analysis.service import SILENT_S
from dtf.domain.breaker import Target
from dtf.domain.held import worker_targets
from dtf.domain.ports.views import WorkerView
from dtf.domain.worker import DeviceState, WorkerState

#: A host whose memory is fuller than this kills processes before long, in percent.
_FULL: Final = 95.0


class WorkerHealth(StrEnum):
    """How well a worker does; the worst that is the matter decides."""

    #: It can run whatever its queues bring.
    HEALTHY = "healthy"
    #: It takes work, and something of it is in trouble.
    DEGRADED = "degraded"
    #: It says nothing, or nothing gets through to any of its slots.
    UNHEALTHY = "unhealthy"
    #: It is not there.
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """How a worker does.

    Attributes:
        health: In one word.
        troubles: What is the matter, in words for people; none of a healthy one.
    """

    health: WorkerHealth
    troubles: tuple[str, ...] = ()


def check(worker: WorkerView, refusing: Mapping[Target, str], now: float) -> Checkup:
    """How a worker does.

    A worker that drains is none the worse for it, and what its jobs came to is no matter of its own.

    Args:
        worker: The worker.
        refusing: The targets whose breakers let no work through, with their states' names.
        now: Seconds since the epoch, on the database's clock.
    """
    if worker.state is WorkerState.OFFLINE:
        return Checkup(health=WorkerHealth.OFFLINE)
    grave = [*_silence(worker, now), *_kept(worker, refusing)]
    if grave:
        return Checkup(health=WorkerHealth.UNHEALTHY, troubles=tuple(grave))
    light = [*_held(worker, refusing), *_failed(worker), *_full(worker)]
    health = WorkerHealth.DEGRADED if light else WorkerHealth.HEALTHY
    return Checkup(health=health, troubles=tuple(light))


def _silence(worker: WorkerView, now: float) -> list[str]:
    # without its length, which changes all the time
    return [f"nothing was heard of it for {SILENT_S:.0f} s"] if now - worker.seen_at > SILENT_S else []


def _kept(worker: WorkerView, refusing: Mapping[Target, str]) -> list[str]:
    """Whether nothing gets through to any slot."""
    if worker.info.slots < 1:
        return ["it has no slots"]
    kept = [keepers(queue, (worker,), refusing.keys()) for queue in worker.info.queues]
    if not kept or not all(kept):
        return []
    words = _words(worker, refusing, {target for targets in kept for target in targets})
    return [f"no work gets through to it: {'; '.join(words)}"]


def _held(worker: WorkerView, refusing: Mapping[Target, str]) -> list[str]:
    """What of it is held where other slots are free."""
    inside = {one.target for one in quarantined((worker,))}
    own = worker_targets(worker.info)
    return _words(worker, refusing, inside | {target for target in refusing if target in own})


def _words(worker: WorkerView, refusing: Mapping[Target, str], targets: Collection[Target]) -> list[str]:
    inside = {one.target for one in quarantined((worker,))}
    return [
        f"{target} is in quarantine" if target in inside else f"the breaker of {target} is {refusing[target]}"
        for target in sorted(targets)
    ]


def _failed(worker: WorkerView) -> list[str]:
    return [
        f"{device.kind} {device.name} failed{f': {device.reason}' if device.reason else ''}"
        for device in worker.info.devices
        if device.state is DeviceState.FAILED
    ]


def _full(worker: WorkerView) -> list[str]:
    memory = worker.load.memory_percent if worker.load is not None else 0.0
    return [f"more than {_FULL:.0f} % of the memory of {worker.info.host} is taken"] if memory > _FULL else []
