"""Whether anything here can take a job."""

from collections.abc import Iterable, Sequence

from dtf.domain.ports.views import JobView, WorkerView
from dtf.domain.worker import Device, DeviceState, WorkerState
from dtf.settings import Settings


def unserved(tags: Iterable[str], workers: Sequence[WorkerView], devices: Sequence[Device]) -> list[str]:
    """The tags that neither a live worker serves nor a device of this machine could.

    Args:
        tags: Hardware tags.
        workers: The workers that are known.
        devices: What this machine has.
    """
    here = {device.kind for device in devices if device.state is DeviceState.AVAILABLE} | {"cpu"}
    return [tag for tag in tags if tag not in here and not is_served(tag, workers)]


def is_served(tag: str, workers: Sequence[WorkerView]) -> bool:
    """Whether a live worker serves the tag's queue."""
    return any(tag in worker.info.queues for worker in workers if worker.state is WorkerState.ONLINE)


def untaken(jobs: Iterable[JobView], workers: Sequence[WorkerView]) -> list[str]:
    """The tags of those jobs that never began because no worker serves them."""
    tags = (job.spec.hardware for job in jobs if job.started_at is None)
    return [tag for tag in dict.fromkeys(tags) if not is_served(tag, workers)]


def impossible(tags: Iterable[str], settings: Settings) -> str:
    """Why nothing can ever take the tags, where that is certain: in the embedded cluster, of this machine's devices.

    Args:
        tags: Hardware tags.
        settings: Of the embedded cluster.

    Returns:
        The reason; empty: something can, or it is not certain.
    """
    special = [tag for tag in tags if tag != "cpu"]
    if not special:
        return ""
    from dtf.bootstrap.ledger import current_ledger  # noqa: PLC0415  # only for other tags than cpu
    from dtf.execution.detect import detect_devices  # noqa: PLC0415  # as above

    devices = detect_devices(simulate=settings.simulate_devices)
    ledger = current_ledger(settings)
    try:
        missing = ", ".join(unserved(special, ledger.views.workers(), devices))
    finally:
        ledger.close()
    if not missing:
        return ""
    return f"no capacity: this machine has no {missing} device, and no worker of the embedded cluster serves {missing}"
