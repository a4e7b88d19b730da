"""What can be bad under a slot: its devices, or the worker itself."""

from collections.abc import Sequence

from dtf.domain.breaker import Target
from dtf.domain.held import target_of
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
