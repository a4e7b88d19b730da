"""Workers as commands and pages show them."""

from collections import defaultdict

import sqlalchemy as sa
from sqlalchemy.engine import Connection

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
            info=WorkerInfo(
                worker_id=row.worker_id,
                name=row.name,
                host=row.host,
                fingerprint=row.fingerprint,
                pid=row.pid,
                queues=tuple(load(row.queues)),
                slots=row.slots,
                tags=tuple(load(row.tags)),
                devices=tuple(found_devices[row.worker_id]),
                memory_bytes=row.memory_bytes,
                cpu_count=row.cpu_count,
                version=row.version,
                slot_table=tuple(from_json(Slot, slot) for slot in load(row.slot_table)),
            ),
            state=WorkerState(row.state),
            load=from_json(WorkerLoad, load(row.load)) if row.load else None,
            registered_at=row.registered_at,
            seen_at=row.seen_at,
            took_work_at=row.took_work_at,
        )
        for row in connection.execute(statement).all()
    ]


def _devices(connection: Connection) -> dict[str, list[Device]]:
    found: dict[str, list[Device]] = defaultdict(list)
    for row in connection.execute(sa.select(devices).order_by(devices.c.worker_id, devices.c.position)):
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
