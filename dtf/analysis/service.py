"""Whether anybody serves a queue."""

from collections import Counter
from collections.abc import Sequence

from dtf.analysis.cause import Cause, Why
from dtf.analysis.shortfall import shortfall
from dtf.domain.match import capacity, consumes
from dtf.domain.ports.views import WorkerView
from dtf.domain.queue import base_tag
from dtf.domain.specs import GPU_TAGS
from dtf.domain.worker import Device, DeviceState, WorkerState

#: A worker that was not heard for so long is taken for lost, in seconds.
SILENT_S = 30.0
#: A coordinator that was heard longer ago stands by no more, in seconds: they tell of themselves each 2.5 s.
COORDINATOR_SILENT_S = 10.0


def able(queue: str, workers: Sequence[WorkerView]) -> list[WorkerView]:
    """The workers that can run what waits in a queue, whatever their state."""
    return [worker for worker in workers if capacity(worker.info, queue)]


def absence(worker: WorkerView, now: float) -> str | None:
    """Why a worker takes no work, or None when it does.

    Args:
        worker: The worker.
        now: Seconds since the epoch, on the database's clock.
    """
    if worker.state is WorkerState.DRAINING:
        return "is draining"
    if worker.state is WorkerState.OFFLINE:
        return "is offline"
    if now - worker.seen_at > SILENT_S:
        return f"has been silent for {now - worker.seen_at:.0f} s"
    return "has no slots" if worker.info.slots < 1 else None


def unserved(queue: str, workers: Sequence[WorkerView], now: float) -> Why | None:
    """Why nobody serves a queue; None when somebody does.

    Args:
        queue: The queue.
        workers: All workers that are known.
        now: Seconds since the epoch, on the database's clock.
    """
    consumers = [worker for worker in workers if consumes(worker.info, queue)]
    present = [worker for worker in consumers if absence(worker, now) is None]
    return (
        _no_worker(queue, consumers)
        or _no_device(queue, present)
        or _unsatisfied(queue, consumers, present)
        or _away(queue, able(queue, consumers) or consumers, now)
    )


def _no_worker(queue: str, consumers: Sequence[WorkerView]) -> Why | None:
    if consumers:
        return None
    return Why(
        cause=Cause.NO_WORKER,
        sentence=f"No worker that has the hardware for it consumes the queue {queue}.",
        advice=f"Start one where the hardware is: `dtf worker -Q {base_tag(queue)}`.",
    )


def _no_device(queue: str, present: Sequence[WorkerView]) -> Why | None:
    """Whether those that are there have no device of the tag at all; a table of slots says what is served without."""
    tag = base_tag(queue)
    devices = [device for worker in present for device in worker.info.devices if _is_of(device, tag)]
    served = tag == "cpu" or any(tag in slot.tags for worker in present for slot in worker.info.slot_table)
    if not present or served or any(device.state is DeviceState.AVAILABLE for device in devices):
        return None
    names = ", ".join(worker.info.name for worker in present)
    found = f": {', '.join(_failure(device) for device in devices)}" if devices else ""
    return Why(
        cause=Cause.NO_DEVICE,
        sentence=f"{names} consumes the queue {queue}, but no {tag} device serves it{found}.",
        advice=f"Start a worker on a machine with {tag}, or see `dtf doctor` there for what was probed.",
    )


def _unsatisfied(queue: str, consumers: Sequence[WorkerView], present: Sequence[WorkerView]) -> Why | None:
    """Whether nobody has what is required beside the tag; somebody who is away counts as somebody."""
    if able(queue, consumers) or queue == base_tag(queue):
        return None
    missing = shortfall(queue, [worker.info for worker in present or consumers])
    return Why(
        cause=Cause.UNSATISFIED,
        sentence=f"{missing[:1].upper()}{missing[1:]}.",
        advice="Start a worker that has it, with `dtf worker --tags` where it is a free tag, or require less.",
    )


def _away(queue: str, consumers: Sequence[WorkerView], now: float) -> Why | None:
    # a worker that was started again and again under one name stands there as often
    absences = Counter((worker.info.name, absence(worker, now)) for worker in consumers)
    if not all(reason for _, reason in absences):
        return None
    told = ", ".join(
        f"{name} ({count} times) {reason}" if count > 1 else f"{name} {reason}"
        for (name, reason), count in absences.items()
    )
    return Why(
        cause=Cause.WORKERS_AWAY,
        sentence=f"No worker of the queue {queue} takes work: {told}.",
        advice=f"Start one again: `dtf worker -Q {base_tag(queue)}`.",
    )


def _failure(device: Device) -> str:
    return f"{device.name} {device.state}" + (f" ({device.reason})" if device.reason else "")


def _is_of(device: Device, tag: str) -> bool:
    return device.kind in GPU_TAGS if tag == "gpu" else device.kind == tag
