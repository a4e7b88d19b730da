"""Which queues nobody takes work of, because breakers are open."""

from collections.abc import Collection, Iterable

from dtf.domain.breaker import Target
from dtf.domain.match import capacity, devices_for, slots_for
from dtf.domain.queue import base_tag, split_queue
from dtf.domain.requirement import device_count
from dtf.domain.slot import Slot
from dtf.domain.worker import Device, WorkerInfo

#: The hardware of the targets that stand for a worker's CPU.
_CPU = "cpu"


def holders(queue: str, workers: Iterable[WorkerInfo], refusing: Collection[Target]) -> tuple[Target, ...]:
    """The targets whose breakers keep a queue's shards from every slot that could take one.

    None where some slot is free of them, and where there is no slot at all: that has other reasons.

    Args:
        queue: The queue.
        workers: Those that take work.
        refusing: The targets whose breakers let no work through.
    """
    found: dict[Target, None] = {}
    for worker in workers:
        if not capacity(worker, queue):
            continue
        held = [_held_by(worker, slot, queue, refusing) for slot in slots_for(worker, queue)]
        if held.count(()) >= device_count(split_queue(queue)[1]):
            return ()
        found.update(dict.fromkeys(target for targets in held for target in targets))
    return tuple(found)


def worker_targets(worker: WorkerInfo) -> tuple[Target, ...]:
    """Everything of a worker that can have a breaker: the ways to it by hardware tag, and its devices."""
    tags = dict.fromkeys(tag for slot in worker.slot_table for tag in slot.tags) or dict.fromkeys(
        base_tag(queue) for queue in worker.queues
    )
    ways = [Target(hardware=tag, name=worker.name) for tag in tags]
    owned = {uuid for slot in worker.slot_table for uuid in slot.devices}
    devices = [device for device in worker.devices if device.kind != _CPU and device.uuid in owned]
    return (*ways, *(target_of(worker, device) for device in devices))


def target_of(worker: WorkerInfo, device: Device | None) -> Target:
    """What a breaker calls a device; None, or a CPU, is the worker.

    A device that is shared by workers is one target. Simulated ones of several workers only share their name.
    """
    if device is None or device.kind == _CPU:
        return Target(hardware=_CPU, name=worker.name)
    return Target(hardware=device.kind, name=f"{device.uuid}@{worker.name}" if device.simulated else device.uuid)


def _held_by(worker: WorkerInfo, slot: Slot, queue: str, refusing: Collection[Target]) -> tuple[Target, ...]:
    """What keeps the slot from the queue's shards; empty: nothing."""
    tag, requirements = split_queue(queue)
    ways = [Target(hardware=tag, name=worker.name)]
    own = [device for device in devices_for(worker, slot, tag, requirements) or () if device.kind != _CPU]
    if not own:
        ways.append(target_of(worker, None))
    closed = tuple(dict.fromkeys(way for way in ways if way in refusing))
    if closed:
        return closed
    # a browser's slot has all browsers of its host, and needs one of them
    devices = tuple(target_of(worker, device) for device in own)
    return devices if devices and all(device in refusing for device in devices) else ()
