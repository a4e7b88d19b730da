"""The hardware by type and by device: what is available, busy, or kept from work, and why."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from dtf.analysis.holding import quarantined
from dtf.analysis.service import SILENT_S
from dtf.dashboard.live.facts.text import NAME, capped
from dtf.dashboard.live.seen import Seen
from dtf.domain.breaker import Target
from dtf.domain.errors import BadInputError
from dtf.domain.held import target_of
from dtf.domain.marks import SOFTWARE, marks_of
from dtf.domain.match import devices_for, table_of
from dtf.domain.ports.breakers import BreakerView, refuses
from dtf.domain.ports.monitor import ClaimView
from dtf.domain.ports.views import WorkerView
from dtf.domain.queue import split_queue
from dtf.domain.slot import Slot
from dtf.domain.worker import Device, DeviceState, WorkerState


class Use(StrEnum):
    """What becomes of a device of a worker; the first that holds."""

    #: The probe found it, and it does not work.
    FAILED = "failed"
    #: Its worker was not heard lately.
    SILENT = "silent"
    #: Its worker gives it to nobody until a canary passes.
    QUARANTINED = "quarantined"
    #: A slot that owns it runs something that it is for.
    BUSY = "busy"
    #: The breaker of it, or of the way to it, is open.
    HELD = "held"
    #: Its worker takes nothing more.
    DRAINING = "draining"
    #: None of the worker's slots owns it.
    UNUSED = "unused"
    #: It takes what comes next.
    AVAILABLE = "available"


def hardware(seen: Seen) -> dict[str, Any]:
    """devices, each as one worker has it, and types: how many there are of each use.

    A device that several workers share stands there once for each of them. What is software, or exists by declaration
    only, is a type of its own.
    """
    breakers = None if seen.breakers is None else {one.view.target: one.view for one in seen.breakers}
    rows = {
        f"{worker.info.worker_id}:{at}": _told(worker, device, seen, breakers)
        for worker in seen.moment.workers
        if worker.state is not WorkerState.OFFLINE
        for at, device in enumerate(worker.info.devices)
    }
    told: dict[str, Any] = {"devices": rows, "types": _types(rows), "breakers_known": breakers is not None}
    return {**told, "breaker_problem": seen.breaker_problem} if seen.breaker_problem else told


def _told(
    worker: WorkerView, device: Device, seen: Seen, breakers: Mapping[Target, BreakerView] | None
) -> dict[str, Any]:
    views = _views(worker, device, breakers or {})
    running = [claim for claim in seen.moment.claims if claim.worker_id == worker.info.worker_id]
    figures = worker.load.devices.get(device.uuid, {}) if worker.load is not None else {}
    return {
        "type": type_of(device),
        "kind": device.kind,
        "name": capped(device.name, NAME),
        "uuid": device.uuid,
        "use": _use(worker, device, running, views, seen.moment.as_of).value,
        "marks": [capped(mark) for mark in marks_of(device)],
        "worker_id": worker.info.worker_id,
        "worker": capped(worker.info.name, NAME),
        "host": capped(worker.info.host, NAME),
        "slots": len(_owners(worker, device)),
        "busy_slots": len(_busy(worker, device, running)),
        "figures": dict(figures),
        "breakers": {str(view.target): {"state": view.state.value, "mode": view.mode.value} for view in views},
        **({"reason": capped(device.reason)} if device.reason else {}),
    }


def type_of(device: Device) -> str:
    """Its kind; ``webgpu:software`` and ``cuda:simulated`` where it only stands for hardware."""
    if device.simulated:
        return f"{device.kind}:simulated"
    return f"{device.kind}:{SOFTWARE}" if device.details.get(SOFTWARE) is True else device.kind


def _use(worker: WorkerView, device: Device, running: list[ClaimView], views: list[BreakerView], now: float) -> Use:
    holds = {
        Use.FAILED: device.state is DeviceState.FAILED,
        Use.SILENT: now - worker.seen_at > SILENT_S,
        Use.QUARANTINED: not {one.target for one in quarantined((worker,))}.isdisjoint(_targets(worker, device)),
        Use.BUSY: bool(_busy(worker, device, running)),
        Use.HELD: any(refuses(view) for view in views),
        Use.DRAINING: worker.state is WorkerState.DRAINING,
        Use.UNUSED: not _owners(worker, device),
    }
    return next((use for use, does in holds.items() if does), Use.AVAILABLE)


def _targets(worker: WorkerView, device: Device) -> tuple[Target, ...]:
    """The device, and the way to it."""
    return tuple(dict.fromkeys((target_of(worker.info, device), Target(hardware=device.kind, name=worker.info.name))))


def _views(worker: WorkerView, device: Device, breakers: Mapping[Target, BreakerView]) -> list[BreakerView]:
    return [breakers[target] for target in _targets(worker, device) if target in breakers]


def _owners(worker: WorkerView, device: Device) -> list[Slot]:
    """The slots that own it; slots that own nothing run on the CPU."""
    return [
        slot
        for slot in table_of(worker.info)
        if device.uuid in slot.devices or (device.kind == "cpu" and not slot.devices)
    ]


def _busy(worker: WorkerView, device: Device, running: list[ClaimView]) -> list[Slot]:
    """Those of its slots that run something that it is for; of a slot's browsers the queue says which."""
    claims = {claim.slot: claim for claim in running}
    return [
        slot
        for slot in _owners(worker, device)
        if slot.number in claims and device in (_used(worker, slot, claims[slot.number]) or (device,))
    ]


def _used(worker: WorkerView, slot: Slot, claim: ClaimView) -> tuple[Device, ...]:
    try:
        tag, requirements = split_queue(claim.queue)
    except BadInputError:
        return ()
    return devices_for(worker.info, slot, tag, requirements) or ()


def _types(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """For each type how many devices there are, and of each use."""
    return {
        kind: {
            "devices": sum(1 for _ in _of(rows, kind)),
            **{use.value: sum(row["use"] == use for row in _of(rows, kind)) for use in Use},
        }
        for kind in sorted({row["type"] for row in rows.values()})
    }


def _of(rows: Mapping[str, Mapping[str, Any]], kind: str) -> Iterator[Mapping[str, Any]]:
    return (row for row in rows.values() if row["type"] == kind)
