"""What the laboratory's machines have, and how much of it is in use now."""

from collections.abc import Sequence
from typing import Any, Final

from dtf.analysis.sampled import FRESH_S
from dtf.dashboard.live.facts.text import NAME, capped
from dtf.dashboard.live.seen import Seen
from dtf.domain.ports.views import WorkerView
from dtf.domain.shard import ShardState
from dtf.domain.worker import WorkerState

_OF_DEVICES: Final = ("utilisation_percent", "memory_used_bytes", "temperature_c")


def resources(seen: Seen) -> dict[str, Any]:
    """workers by id, devices by UUID, queues by name, and the laboratory's slots and jobs.

    The figures of a worker that was not heard lately are not known. ``cpu`` and ``memory`` are its host's, in percent.
    """
    moment = seen.moment
    there = [worker for worker in moment.workers if worker.state is not WorkerState.OFFLINE]
    heard = [worker for worker in there if _is_heard(worker, moment.as_of)]
    names = {queue for worker in there for queue in worker.info.queues} | moment.backlog.keys()
    told: dict[str, Any] = {
        "workers": {worker.info.worker_id: _worker(worker, moment.as_of) for worker in there},
        "devices": _devices(heard),
        "queues": {
            name: {
                "queued": moment.backlog.get(name, {}).get(ShardState.QUEUED, 0),
                "claimed": moment.backlog.get(name, {}).get(ShardState.CLAIMED, 0),
            }
            for name in sorted(names)
        },
        "slots": sum(worker.info.slots for worker in there),
        "jobs_waiting": moment.totals.jobs_waiting,
        "jobs_running": moment.totals.jobs_running,
        "running": seen.runs_cluster,
    }
    if heard:
        told["busy_slots"] = sum(worker.load.busy_slots for worker in heard if worker.load is not None)
    return told


def _is_heard(worker: WorkerView, as_of: float) -> bool:
    return worker.load is not None and as_of - worker.seen_at <= FRESH_S


def _worker(worker: WorkerView, as_of: float) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": capped(worker.info.name, NAME),
        "host": capped(worker.info.host, NAME),
        "slots": worker.info.slots,
        "cpu_count": worker.info.cpu_count,
        "memory_bytes": worker.info.memory_bytes,
        "heard": _is_heard(worker, as_of),
    }
    if told["heard"] and worker.load is not None:
        told |= {
            "cpu": worker.load.cpu_percent,
            "memory": worker.load.memory_percent,
            "busy_slots": worker.load.busy_slots,
        }
    return told


def _devices(heard: Sequence[WorkerView]) -> dict[str, Any]:
    """Those whose figures can be had, each with the worker that told them last."""
    found: dict[str, Any] = {}
    for worker in heard:
        figures = {} if worker.load is None else worker.load.devices
        for device in worker.info.devices:
            of = {name: value for name, value in figures.get(device.uuid, {}).items() if name in _OF_DEVICES}
            if not of:
                continue
            memory = device.details.get("memory_bytes")
            found[device.uuid] = {
                "name": capped(device.name, NAME),
                "kind": device.kind,
                "worker": capped(worker.info.name, NAME),
                **({"memory_bytes": memory} if isinstance(memory, int | float) else {}),
                **of,
            }
    return found
