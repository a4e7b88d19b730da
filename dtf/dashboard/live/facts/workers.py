"""The workers: what they are, what they have, what they run, and how well they do."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dtf.analysis.holding import quarantined
from dtf.analysis.worker_health import check
from dtf.dashboard.live.facts.refusing import refusing
from dtf.dashboard.live.facts.text import NAME, capped
from dtf.dashboard.live.seen import Seen
from dtf.domain.breaker import Target
from dtf.domain.marks import marks_of
from dtf.domain.match import table_of
from dtf.domain.outcome import Outcome
from dtf.domain.ports.monitor import ClaimView
from dtf.domain.ports.views import WorkerView
from dtf.domain.slot import Slot
from dtf.domain.worker import Device, DeviceState, WorkerLoad, WorkerState

#: So many of those that are gone are told of, the last seen first.
MOST_OFFLINE: Final = 50

#: The outcomes of attempts that say nothing about a job: it runs again, or nobody wants it any more.
_NO_VERDICT: Final = frozenset((Outcome.INFRA.value, Outcome.CANCELLED.value))
#: The verdicts with which nothing failed.
_GOOD: Final = frozenset((Outcome.PASSED.value, Outcome.SKIPPED.value))


def workers(seen: Seen) -> dict[str, Any]:
    """By id: id, status, health, cpu, memory, tasks_completed, success_rate, hardware, and what else is asked of one.

    cpu and memory are the host's, in percent; success_rate is the share of attempts with a verdict in which nothing
    failed, infra_rate the share of all that were not cancelled which the infrastructure failed.
    """
    moment = seen.moment
    running: dict[str, list[ClaimView]] = {}
    for claim in moment.claims:
        running.setdefault(claim.worker_id, []).append(claim)
    held = refusing(seen)
    return {
        worker.info.worker_id: {
            **_who(worker),
            **_achieved(moment.totals.attempts.get(worker.info.worker_id, {})),
            **_load(_reported(worker)),
            **_health(worker, held, moment.as_of),
            "slot_table": _slots(worker, running.get(worker.info.worker_id, ())),
            "devices": _devices(worker),
            "quarantine": _quarantine(worker),
        }
        for worker in shown(moment.workers)
    }


def shown(all_of_them: Sequence[WorkerView]) -> list[WorkerView]:
    """Those that are there, and the last of those that are gone."""
    there = [worker for worker in all_of_them if worker.state is not WorkerState.OFFLINE]
    gone = [worker for worker in all_of_them if worker.state is WorkerState.OFFLINE]
    gone.sort(key=lambda worker: worker.seen_at, reverse=True)
    return there + gone[:MOST_OFFLINE]


def _who(worker: WorkerView) -> dict[str, Any]:
    info = worker.info
    took = {} if worker.took_work_at is None else {"took_work_at": worker.took_work_at}
    return {
        "id": info.worker_id,
        "name": capped(info.name, NAME),
        "host": capped(info.host, NAME),
        "pid": info.pid,
        "version": info.version,
        "status": worker.state.value,
        "hardware": sorted({one.kind for one in info.devices if one.state is DeviceState.AVAILABLE}),
        "queues": list(info.queues),
        "tags": [capped(tag, NAME) for tag in info.tags],
        "slots": info.slots,
        "cpu_count": info.cpu_count,
        "memory_bytes": info.memory_bytes,
        "registered_at": worker.registered_at,
        "seen_at": worker.seen_at,
        **took,
    }


def _achieved(ended: Mapping[str, int]) -> dict[str, Any]:
    judged = sum(count for outcome, count in ended.items() if outcome not in _NO_VERDICT)
    good = sum(ended.get(outcome, 0) for outcome in _GOOD)
    infra = ended.get(Outcome.INFRA.value, 0)
    told: dict[str, Any] = {"tasks_completed": judged, "attempts": dict(ended)}
    if judged:
        told["success_rate"] = good / judged
    if judged + infra:
        told["infra_rate"] = infra / (judged + infra)
    return told


def _reported(worker: WorkerView) -> WorkerLoad | None:
    """What it reported last; what one that is gone reported says nothing any more."""
    return None if worker.state is WorkerState.OFFLINE else worker.load


def _load(load: WorkerLoad | None) -> dict[str, Any]:
    if load is None:
        return {}
    return {
        "cpu": load.cpu_percent,
        "memory": load.memory_percent,
        "load_1m": load.load_1m,
        "busy_slots": load.busy_slots,
    }


def _health(worker: WorkerView, held: Mapping[Target, str], now: float) -> dict[str, Any]:
    checkup = check(worker, held, now)
    return {"health": checkup.health.value, "troubles": [capped(trouble) for trouble in checkup.troubles]}


def _slots(worker: WorkerView, running: Sequence[ClaimView]) -> dict[str, Any]:
    """The slots by number, each with what it owns and what it runs."""
    claims = {claim.slot: claim for claim in running}
    load = _reported(worker)
    memory = load.slot_memory_bytes if load is not None else {}
    return {
        str(slot.number): {
            "tags": list(slot.tags),
            "devices": _positions(worker, slot),
            **({"rss_bytes": memory[str(slot.number)]} if str(slot.number) in memory else {}),
            **({"runs": _claim(claims[slot.number])} if slot.number in claims else {}),
        }
        for slot in table_of(worker.info)
    }


def _positions(worker: WorkerView, slot: Slot) -> list[int]:
    """Which of the worker's devices a slot owns, by their places among them."""
    return [at for at, device in enumerate(worker.info.devices) if device.uuid in slot.devices]


def _claim(claim: ClaimView) -> dict[str, Any]:
    return {
        "job_id": claim.job_id,
        "run_id": claim.run_id,
        "shard_id": claim.shard_id,
        "attempt": claim.attempt,
        "name": capped(claim.name, NAME),
        "queue": claim.queue,
        "claimed_at": claim.claimed_at,
    }


def _devices(worker: WorkerView) -> dict[str, Any]:
    """The devices by their places among the worker's, with what must be said of each and its last figures."""
    load = _reported(worker)
    figures = load.devices if load is not None else {}
    return {
        str(at): {**_device(device), "figures": dict(figures.get(device.uuid, {}))}
        for at, device in enumerate(worker.info.devices)
    }


def _device(device: Device) -> dict[str, Any]:
    return {
        "kind": device.kind,
        "name": capped(device.name, NAME),
        "uuid": device.uuid,
        "state": device.state.value,
        "marks": [capped(mark) for mark in marks_of(device)],
        "details": {
            name: capped(value, NAME) if isinstance(value, str) else value for name, value in device.details.items()
        },
    }


def _quarantine(worker: WorkerView) -> list[dict[str, Any]]:
    """What it gives to nobody; since when to the second, as it is told by how long it has lasted."""
    return [
        {"target": str(one.target), "slots": list(one.slots), "since": round(one.since), "reason": capped(one.reason)}
        for one in quarantined((worker,))
    ]
