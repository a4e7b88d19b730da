"""Which slots of a worker satisfy what a queue's name asks for."""

import math
from collections.abc import Iterable, Mapping, Sequence

from dtf.domain.errors import BadInputError
from dtf.domain.queue import base_tag, split_queue
from dtf.domain.requirement import DEVICES, ORDERINGS, Comparison, Requirement, as_number, device_count
from dtf.domain.slot import Slot
from dtf.domain.specs import GPU_TAGS
from dtf.domain.worker import Device, DeviceState, WorkerInfo

#: What is known of a device: the probe's details, and what ``facts_of`` adds.
Facts = Mapping[str, str | int | float | bool]

_GB = 1e9


def facts_of(
    worker: WorkerInfo, device: Device | None = None, memory_bytes: int = 0
) -> dict[str, str | int | float | bool]:
    """What can be required of a device on a worker, by name in lower case.

    ``host``, ``worker``, ``cores`` and ``memory_gb`` are the machine's; ``device`` (the name), ``uuid``, ``simulated``,
    ``vram_gb``, its kind and all that the probe read are the device's. Sizes count 10**9 bytes as one GB, so that a
    card that is sold as 24 GB has them.

    Args:
        worker: The worker.
        device: One of its devices; None: nothing but the host.
        memory_bytes: The slot's share of the device's memory; 0: all of it.
    """
    facts: dict[str, str | int | float | bool] = {
        "host": worker.host,
        "worker": worker.name,
        "cores": worker.cpu_count,
        "memory_gb": worker.memory_bytes / _GB,
    }
    if device is None:
        return facts
    facts.update({name.lower(): value for name, value in device.details.items()})
    facts.update({"device": device.name, "uuid": device.uuid, "simulated": device.simulated, device.kind: True})
    memory = memory_bytes or device.details.get("memory_bytes", 0)
    if device.kind != "cpu" and isinstance(memory, int | float) and memory > 0:
        facts["vram_gb"] = memory / _GB
    return facts


def satisfies(requirement: Requirement, facts: Facts, tags: Iterable[str] = ()) -> bool:
    """Whether facts and free tags fulfil a requirement; what is not known is not fulfilled."""
    value = facts.get(requirement.name)
    if requirement.comparison is Comparison.HAS:
        return value is True or requirement.name in {tag.lower() for tag in tags}
    if value is None:
        return False
    if requirement.comparison in ORDERINGS:
        return _ordered(requirement.comparison, _number(value), requirement.number)
    return _equal(value, requirement) is (requirement.comparison is Comparison.IS)


def _equal(value: str | float | bool, requirement: Requirement) -> bool:
    if isinstance(value, bool):
        return requirement.value in (("true", "yes", "1") if value else ("false", "no", "0"))
    wanted = requirement.number
    if not math.isnan(wanted) and _number(value) == wanted:
        return True
    # a requirement has no spaces
    return "".join(str(value).lower().split()) == requirement.value


def _ordered(comparison: Comparison, value: float, wanted: float) -> bool:
    if math.isnan(value):
        return False
    if comparison is Comparison.AT_LEAST:
        return value >= wanted
    if comparison is Comparison.AT_MOST:
        return value <= wanted
    return value > wanted if comparison is Comparison.MORE else value < wanted


def _number(value: str | float | bool) -> float:
    return as_number(value) if isinstance(value, str) else float(value)


def slots_for(worker: WorkerInfo, queue: str) -> tuple[Slot, ...]:
    """The worker's slots that can take the queue's shards, each for one device; none when it is no queue's name."""
    try:
        tag, requirements = split_queue(queue)
    except BadInputError:
        return ()
    return tuple(
        slot
        for slot in table_of(worker)
        if tag in slot.tags and devices_for(worker, slot, tag, requirements) is not None
    )


def consumes(worker: WorkerInfo, queue: str) -> bool:
    """Whether the worker takes hints of the queue: of its own queues, and of all that narrow one of them."""
    return queue in worker.queues or base_tag(queue) in worker.queues


def capacity(worker: WorkerInfo, queue: str) -> int:
    """How many of the queue's shards the worker can run at a time; 0 where it does not take its hints."""
    slots = slots_for(worker, queue) if consumes(worker, queue) else ()
    if not slots:
        return 0
    needed = device_count(split_queue(queue)[1])
    if needed == 1:
        return len(slots)
    # whoever needs several devices gets them of one kind, and never two shares of one
    kinds = {slot.tags for slot in slots}
    return sum(len({slot.devices for slot in slots if slot.tags == kind}) // needed for kind in kinds)


def devices_for(
    worker: WorkerInfo, slot: Slot, tag: str, requirements: Sequence[Requirement]
) -> tuple[Device, ...] | None:
    """The slot's devices of the tag that fulfil all requirements; None: there is none.

    A slot without devices (a CPU's) is asked for the host's facts, and gives an empty tuple.
    """
    asked = [requirement for requirement in requirements if requirement.name != DEVICES]
    own = [device for device in worker.devices if device.uuid in slot.devices and _is_of(device, tag)]
    if not own:
        return () if all(satisfies(r, facts_of(worker), worker.tags) for r in asked) else None
    good = tuple(
        device
        for device in own
        if device.state is DeviceState.AVAILABLE
        and all(satisfies(r, facts_of(worker, device, slot.memory_bytes), worker.tags) for r in asked)
    )
    return good or None


def devices_of(worker: WorkerInfo, slots: Sequence[Slot], queue: str) -> tuple[Device, ...] | None:
    """What one shard of the queue has on these slots; None: they are too few or too many, or one cannot take it."""
    try:
        tag, requirements = split_queue(queue)
    except BadInputError:
        return None
    if len(slots) != device_count(requirements):
        return None
    found: list[Device] = []
    for slot in slots:
        own = devices_for(worker, slot, tag, requirements) if tag in slot.tags else None
        if own is None:
            return None
        found.extend(own)
    return tuple(found)


def table_of(worker: WorkerInfo) -> tuple[Slot, ...]:
    """The worker's slots; where it tells none, as many as it says, each for whatever it consumes."""
    return worker.slot_table or tuple(Slot(number=number, tags=worker.queues) for number in range(worker.slots))


def _is_of(device: Device, tag: str) -> bool:
    return device.kind in GPU_TAGS if tag == "gpu" else device.kind == tag
