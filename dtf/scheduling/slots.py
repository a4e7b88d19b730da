"""Which slots a worker has, and what each of them owns."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from dtf.domain.queue import base_tag
from dtf.domain.slot import Slot
from dtf.domain.specs import DECLARED_TAGS, GPU_TAGS
from dtf.domain.worker import Device, DeviceState

#: Devices that a browser offers; a slot owns all of them, and starts browsers of its own.
BROWSER_TAGS: Final = ("webgpu", "webnn")

#: Into how many shares a device is divided at most.
MOST_SHARES: Final = 64


def slot_table(
    devices: Iterable[Device],
    *,
    queues: Iterable[str],
    cores: int,
    concurrency: int = 0,
    tags: Iterable[str] = (),
    share_bytes: int = 0,
) -> tuple[Slot, ...]:
    """The slots of a worker, numbered from 0: those of the CPU, then one for each device, then the browsers'.

    A slot takes only tags whose queues the worker consumes. Failed devices have none.

    Args:
        devices: What the worker found.
        queues: What it consumes; a requirement queue counts for its tag.
        cores: The CPU's cores; as many slots run on it.
        concurrency: So many slots instead, on the CPU; where that is not served so many at most of each kind of
            device, and so many browsers where only those are served. 0: as there are cores and devices, and one
            browser.
        tags: The worker's free tags. The CPU's slots take those that only a worker can declare (``openvino``).
        share_bytes: How much of a device's memory one slot has; several then share the device. 0: all of it.
    """
    wanted = {base_tag(queue) for queue in queues}
    usable = [device for device in devices if device.state is DeviceState.AVAILABLE]
    slots = _cpu_slots(usable, wanted, set(tags), concurrency or max(1, cores))
    cap = 0 if slots else concurrency
    kinds = dict.fromkeys(device.kind for device in usable if device.kind not in ("cpu", *BROWSER_TAGS))
    for kind in kinds:
        slots += _device_slots([device for device in usable if device.kind == kind], wanted, share_bytes, cap)
    slots += _browser_slots(usable, wanted, 1 if slots else concurrency or 1)
    return tuple(replace(slot, number=number) for number, slot in enumerate(slots))


def _cpu_slots(devices: Sequence[Device], wanted: set[str], declared: set[str], count: int) -> list[Slot]:
    owned = tuple(device.uuid for device in devices if device.kind == "cpu")
    # a device of such a kind has slots of its own
    kinds = {device.kind for device in devices}
    free = tuple(tag for tag in DECLARED_TAGS if tag in declared and tag not in kinds)
    taken = tuple(tag for tag in ("cpu", *free) if tag in wanted)
    return [Slot(number=0, tags=taken, devices=owned)] * count if owned and taken else []


def _device_slots(devices: Sequence[Device], wanted: set[str], share_bytes: int, cap: int) -> list[Slot]:
    """One slot for each share of each device, the first share of every device ahead, so that load spreads."""
    kind = devices[0].kind
    taken = tuple(tag for tag in (kind, *(("gpu",) if kind in GPU_TAGS else ())) if tag in wanted)
    if not taken:
        return []
    shares = {device.uuid: _shares(device, share_bytes) for device in devices}
    slots = [
        Slot(number=0, tags=taken, devices=(uuid,), memory_bytes=share_bytes if count > 1 else 0)
        for share in range(max(shares.values()))
        for uuid, count in shares.items()
        if share < count
    ]
    return slots[: cap or None]


def _shares(device: Device, share_bytes: int) -> int:
    memory = device.details.get("memory_bytes", 0)
    if share_bytes <= 0 or not isinstance(memory, int | float):
        return 1
    return min(max(1, int(memory // share_bytes)), MOST_SHARES)


def _browser_slots(devices: Sequence[Device], wanted: set[str], count: int) -> list[Slot]:
    offered = [device for device in devices if device.kind in BROWSER_TAGS]
    taken = tuple(tag for tag in BROWSER_TAGS if tag in wanted and any(device.kind == tag for device in offered))
    if not taken:
        return []
    return [Slot(number=0, tags=taken, devices=tuple(device.uuid for device in offered))] * count
