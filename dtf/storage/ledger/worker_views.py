"""Workers as commands and pages show them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from dtf.domain.breaker import Target
from dtf.domain.codec import from_json
from dtf.domain.ports.views import WorkerView
from dtf.domain.slot import Slot
from dtf.domain.worker import Device, DeviceState, WorkerInfo, WorkerLoad, WorkerState
from dtf.storage.ledger.json_text import load
from dtf.storage.ledger.schema import attempts
from dtf.storage.ledger.service_schema import devices, workers


def worker_views(connection: Connection) -> list[WorkerView]:
    """All workers, the online ones first, then by name."""
    found_devices = _devices(connection)
    took = (
        sa.select(sa.func.max(attempts.c.claimed_at))
        .where(attempts.c.worker_id == workers.c.worker_id)
        .scalar_subquery()
        .label("took_work_at")
    )
    order = sa.case((workers.c.state == WorkerState.ONLINE.value, 0), else_=1)
    statement = sa.select(workers, took).order_by(order, workers.c.name, workers.c.registered_at)
    return [
        WorkerView(
            info=_info(row, found_devices[row.worker_id]),
            state=WorkerState(row.state),
            load=from_json(WorkerLoad, load(row.load)) if row.load else None,
            registered_at=row.registered_at,
            seen_at=row.seen_at,
            took_work_at=row.took_work_at,
        )
        for row in connection.execute(statement).all()
    ]


def worker_infos(connection: Connection, worker_ids: Sequence[str]) -> list[WorkerInfo]:
    """Some workers as they registered."""
    found_devices = _devices(connection, devices.c.worker_id.in_(worker_ids))
    rows = connection.execute(sa.select(workers).where(workers.c.worker_id.in_(worker_ids))).all()
    return [_info(row, found_devices[row.worker_id]) for row in rows]


def quarantined(connection: Connection, worker_ids: Sequence[str]) -> dict[str, set[Target]]:
    """What some workers give to nobody, as they told last."""
    wanted = sa.select(workers.c.worker_id, workers.c.load).where(workers.c.worker_id.in_(worker_ids))
    loads = {row.worker_id: from_json(WorkerLoad, load(row.load)) for row in connection.execute(wanted) if row.load}
    return {worker_id: {one.target for one in told.quarantine} for worker_id, told in loads.items()}


def _info(row: Row[Any], found: Sequence[Device]) -> WorkerInfo:
    return WorkerInfo(
        worker_id=row.worker_id,
        name=row.name,
        host=row.host,
        fingerprint=row.fingerprint,
        pid=row.pid,
        queues=tuple(load(row.queues)),
        slots=row.slots,
        tags=tuple(load(row.tags)),
        devices=tuple(found),
        memory_bytes=row.memory_bytes,
        cpu_count=row.cpu_count,
        version=row.version,
        slot_table=tuple(from_json(Slot, slot) for slot in load(row.slot_table)),
    )


def _devices(connection: Connection, *which: sa.ColumnElement[bool]) -> dict[str, list[Device]]:
    found: dict[str, list[Device]] = defaultdict(list)
    wanted = sa.select(devices).where(*which).order_by(devices.c.worker_id, devices.c.position)
    for row in connection.execute(wanted):
        found[row.worker_id].append(
            Device(
                kind=row.kind,
                name=row.name,
                uuid=row.uuid,
                state=DeviceState(row.state),
                reason=row.reason,
                simulated=row.simulated,
                details=load(row.details),
            )
        )
    return found
