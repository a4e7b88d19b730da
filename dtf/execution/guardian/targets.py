"""What can be bad under a slot: its devices, or the worker itself."""

from collections.abc import Sequence

from dtf.domain.breaker import Target
from dtf.domain.held import target_of
from dtf.domain.match import devices_of, table_of
from dtf.domain.slot import Slot
from dtf.domain.worker import Device, WorkerInfo

_CPU = "cpu"


def devices_on(worker: WorkerInfo, slot: Slot) -> tuple[Device | None, ...]:
    """What can be bad under a slot: its GPU, each of its browsers' devices; None: the worker."""
    return tuple(d for d in worker.devices if d.uuid in slot.devices and d.kind != _CPU) or (None,)


def attempt_targets(worker: WorkerInfo, devices: Sequence[Device]) -> tuple[Target, ...]:
    """The targets of an attempt on some devices; of browsers it uses the first."""
    used = [device for device in devices if device.kind != _CPU]
    if used and used[0].details.get("browser"):
        used = used[:1]
    return tuple(sorted({target_of(worker, device) for device in used})) or (target_of(worker, None),)


def lost_targets(worker: WorkerInfo, number: int, queue: str) -> tuple[Target, ...]:
    """The targets of an attempt of which no more is known than its slot and queue; none where they may be others."""
    slots = tuple(slot for slot in table_of(worker) if slot.number == number)
    devices = devices_of(worker, slots, queue)
    if devices is None or (len(devices) > 1 and devices[0].details.get("browser")):
        return ()
    return attempt_targets(worker, devices)
