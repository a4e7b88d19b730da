"""Which queue carries what, and which queues a worker can serve."""

from collections.abc import Iterable, Mapping, Sequence

from dtf.domain.queue import base_tag
from dtf.domain.specs import DECLARED_TAGS, GPU_TAGS, HARDWARE_TAGS
from dtf.domain.worker import Device, DeviceState

#: The queue of whatever names no hardware; every worker can serve it.
DEFAULT_QUEUE = "cpu"

#: The message header that names the hardware tag of a hint that names no queue.
HARDWARE_HEADER = "hardware"


def queue_for(hardware: str) -> str:
    """The queue that carries the shards of a hardware tag: the one of the same name."""
    return hardware


def route_task(
    name: str,
    args: object,  # noqa: ARG001  # the signature is Celery's
    kwargs: object,  # noqa: ARG001  # the signature is Celery's
    options: Mapping[str, object],
    task: object = None,  # noqa: ARG001  # the signature is Celery's
    **_ignored: object,
) -> dict[str, str] | None:
    """Route one of dtf's tasks by the hardware tag in its headers; for Celery's ``task_routes``.

    Celery lets a queue that the sender named win over this.

    Args:
        name: The task's name.
        args: Its arguments.
        kwargs: Its keyword arguments.
        options: What the sender asked for; ``headers`` may hold the tag.
        task: The task class where the sender has it.

    Returns:
        The queue, or None when the task is not one of dtf's.
    """
    if not name.startswith("dtf."):
        return None
    headers = options.get("headers")
    tag = headers.get(HARDWARE_HEADER) if isinstance(headers, Mapping) else None
    return {"queue": queue_for(tag) if isinstance(tag, str) and tag in HARDWARE_TAGS else DEFAULT_QUEUE}


def serviceable(devices: Iterable[Device], tags: Iterable[str] = ()) -> tuple[str, ...]:
    """The queues that these devices can serve, the CPU's first.

    Args:
        devices: What a worker found.
        tags: Its free tags: the CPU serves those that only a worker can declare.
    """
    kinds = {device.kind for device in devices if device.state is DeviceState.AVAILABLE}
    if not kinds.isdisjoint(GPU_TAGS):
        kinds.add("gpu")
    if "cpu" in kinds:
        kinds.update(tag for tag in tags if tag in DECLARED_TAGS)
    return tuple(queue_for(tag) for tag in HARDWARE_TAGS if tag in kinds)


def split_queues(
    wanted: Sequence[str], devices: Sequence[Device], tags: Iterable[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Divide queues into those whose tag a device here serves and those whose none does."""
    can = serviceable(devices, tags)
    return tuple(q for q in wanted if base_tag(q) in can), tuple(q for q in wanted if base_tag(q) not in can)
