"""Whether anything here can take a job."""

import socket
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dtf.analysis.shortfall import shortfall
from dtf.domain.match import capacity, consumes
from dtf.domain.ports.views import JobView, WorkerView
from dtf.domain.queue import base_tag, split_queue
from dtf.domain.requirement import Comparison
from dtf.domain.specs import HARDWARE_TAGS
from dtf.domain.tasks.models import BROWSER_TAGS
from dtf.domain.worker import Device, WorkerInfo, WorkerState
from dtf.settings import Mode, Settings, process_environment

if TYPE_CHECKING:
    from dtf.execution.probes.browser_search import BrowserSearch

#: The queue that every worker of this machine could serve.
_PLAIN = "cpu"
#: The browser that has it on any machine, where it is installed.
_WITH_WEBNN = "sparticuz"


def is_served(queue: str, workers: Sequence[WorkerView]) -> bool:
    """Whether a live worker can run what waits in the queue."""
    return any(capacity(worker.info, queue) for worker in workers if worker.state is WorkerState.ONLINE)


def untaken(jobs: Iterable[JobView], workers: Sequence[WorkerView]) -> list[str]:
    """The queues of those jobs that never began because no worker serves them."""
    queues = (job.spec.queue for job in jobs if job.started_at is None)
    return [queue for queue in dict.fromkeys(queues) if not is_served(queue, workers)]


def impossible(queues: Iterable[str], settings: Settings) -> str:
    """Why nothing can ever take the queues, where that is certain: in the embedded cluster, of this machine's devices.

    Args:
        queues: Where the jobs would wait.
        settings: Of the embedded cluster.

    Returns:
        The reason; empty: something can, or it is not certain.
    """
    special = [queue for queue in dict.fromkeys(queues) if queue != _PLAIN]
    if not special:
        return ""
    from dtf.bootstrap.ledger import current_ledger  # noqa: PLC0415  # only for other queues than cpu

    ledger = current_ledger(settings)
    try:
        online = [worker.info for worker in ledger.views.workers() if worker.state is WorkerState.ONLINE]
    finally:
        ledger.close()
    # this machine is asked only for what no worker has already: a browser takes seconds to tell
    left = [queue for queue in special if not any(capacity(worker, queue) for worker in online)]
    return lacking(left, [this_machine(_devices(left, settings, online), settings), *online]) if left else ""


def possible(fallback: Iterable[str], settings: Settings) -> list[str]:
    """Of the queues that jobs may fall back on those for which a worker can be had; all of them in a cluster."""
    if settings.mode is not Mode.EMBEDDED:
        return list(fallback)
    return [queue for queue in fallback if not impossible((queue,), settings)]


def lacking(queues: Iterable[str], workers: Sequence[WorkerInfo]) -> str:
    """What keeps these workers from ever serving some of the queues; empty: nothing.

    Args:
        queues: The queues.
        workers: The first stands for what can be started on this machine.
    """
    unserved = [queue for queue in queues if not any(capacity(worker, queue) for worker in workers)]
    tags = {base_tag(queue): None for queue in unserved}
    missing = [tag for tag in tags if not any(capacity(worker, tag) for worker in workers)]
    kinds = {device.kind for worker in workers for device in worker.devices}
    absent = [tag for tag in missing if tag not in kinds]
    names = ", ".join(absent)
    bare = f"this machine has no {names} device, and no worker of the embedded cluster serves {names}"
    reasons = [bare] if absent else []
    reasons += [shortfall(tag, workers) for tag in missing if tag in kinds]  # there are some, and they failed
    reasons += [
        shortfall(queue, [worker for worker in workers if consumes(worker, queue)])
        for queue in unserved
        if base_tag(queue) not in missing
    ]
    return f"no capacity: {'; '.join(dict.fromkeys(reasons))}" if reasons else ""


def _devices(queues: Sequence[str], settings: Settings, online: Sequence[WorkerInfo]) -> tuple[Device, ...]:
    """What this machine has, browsers only as far as they are wanted. Whether a GPU works its worker finds out."""
    from dtf.execution.detect import detect_devices  # noqa: PLC0415  # only for other queues than cpu

    environ = process_environment()
    wanted = [queue for queue in queues if base_tag(queue) in BROWSER_TAGS]
    return detect_devices(
        simulate=settings.simulate_devices,
        visible_cuda=environ.get("CUDA_VISIBLE_DEVICES"),
        visible_rocr=environ.get("ROCR_VISIBLE_DEVICES"),
        visible_hip=environ.get("HIP_VISIBLE_DEVICES"),
        cuda_device_order=environ.get("CUDA_DEVICE_ORDER"),
        check=False,
        browsers=_browsers(wanted, settings, online) if wanted else None,
    )


def _browsers(queues: Sequence[str], settings: Settings, online: Sequence[WorkerInfo]) -> "BrowserSearch":
    """Ask browsers until these queues can be served; the worker asks the others."""
    from dtf.bootstrap.browsers import browser_search  # noqa: PLC0415  # only for queues of browsers

    def enough(devices: Sequence[Device]) -> bool:
        return not lacking(queues, [this_machine(devices, settings), *online])

    return replace(browser_search(settings), enough=enough, likely=likely_browsers(queues))


def likely_browsers(queues: Sequence[str]) -> frozenset[str]:
    """The names of the browsers that the queues ask for."""
    asked = [requirement for queue in queues for requirement in split_queue(queue)[1]]
    named = {one.value for one in asked if one.name == "browser" and one.comparison is Comparison.IS}
    webnn = any(base_tag(queue) == "webnn" for queue in queues) or any(one.name == "webnn" for one in asked)
    return frozenset(named | {_WITH_WEBNN} if webnn else named)


def this_machine(devices: Sequence[Device], settings: Settings) -> WorkerInfo:
    """A worker as it could be started here, with all devices and the tags that are set."""
    from dtf.execution.detect import host_fingerprint  # noqa: PLC0415  # only for other queues than cpu
    from dtf.execution.probes import cpu  # noqa: PLC0415  # as above
    from dtf.scheduling.slots import slot_table  # noqa: PLC0415  # as above

    tags = tuple(word for word in settings.worker_tags.split(",") if word)
    cores = cpu.usable_cores()
    table = slot_table(devices, queues=HARDWARE_TAGS, cores=cores, tags=tags)
    return WorkerInfo(
        worker_id="",
        name="this machine",
        host=socket.gethostname(),
        fingerprint=host_fingerprint(),
        pid=0,
        queues=tuple(dict.fromkeys(tag for slot in table for tag in slot.tags)),
        slots=len(table),
        tags=tags,
        devices=tuple(devices),
        memory_bytes=cpu.memory_bytes(),
        cpu_count=cores,
        slot_table=table,
    )
