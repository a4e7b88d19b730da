"""Where workers are known, over the ledger's tables."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.codec import to_json
from dtf.domain.errors import UnknownRecordError
from dtf.domain.events import EventKind
from dtf.domain.ports.workers import Workers
from dtf.domain.worker import WorkerInfo, WorkerLoad, WorkerState
from dtf.storage.database import Database, now
from dtf.storage.ledger import outbox, waiting
from dtf.storage.ledger.bulk import insert_many
from dtf.storage.ledger.json_text import dump
from dtf.storage.ledger.service_schema import devices, workers
from dtf.storage.ledger.upsert import insert_ignoring
from dtf.storage.sanitiser import clean_load, clean_worker


class LedgerWorkers(Workers):
    """Registers workers and hears their heartbeats."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, info: WorkerInfo) -> WorkerState:
        """Insert or replace a worker and its devices, and set it online; one that was drained goes on to drain."""
        info = clean_worker(info)
        return self._database.write(lambda connection: _register(connection, info))

    def heartbeat(self, worker_id: str, load: WorkerLoad) -> WorkerState:
        """Note that the worker lives; the answer tells it to drain when somebody asked for that."""
        offline = workers.c.state == WorkerState.OFFLINE.value
        beat = (
            sa.update(workers)
            .where(workers.c.worker_id == worker_id)
            .values(
                seen_at=now(),
                load=dump(to_json(clean_load(load))),
                # it was only silent for a while
                state=sa.case((offline, _state_of_the_living), else_=workers.c.state),
            )
            .returning(workers.c.state)
        )
        state = self._database.write(lambda connection: connection.scalar(beat))
        if state is None:
            raise UnknownRecordError(f"worker {worker_id} is not registered")
        return WorkerState(state)

    def open_queues(self) -> Sequence[str]:
        """The queues in which shards wait."""
        return self._database.read(waiting.open_queues)

    def set_state(self, worker_id: str, state: WorkerState) -> None:
        """Change a worker's state."""
        values: dict[str, Any] = {"state": state.value}
        if state is WorkerState.DRAINING:
            values["drained_at"] = sa.func.coalesce(workers.c.drained_at, now())
        elif state is WorkerState.ONLINE:
            values["drained_at"] = None
        change = sa.update(workers).where(workers.c.worker_id == worker_id).values(**values)
        if not self._database.write(lambda connection: connection.execute(change).rowcount):
            raise UnknownRecordError(f"there is no worker {worker_id!r}")


#: Where a worker stands of which is only known that it lives.
_state_of_the_living = sa.case(
    (workers.c.drained_at.is_not(None), WorkerState.DRAINING.value), else_=WorkerState.ONLINE.value
)


def _register(connection: Connection, info: WorkerInfo) -> WorkerState:
    row = {
        "slots": info.slots,
        "pid": info.pid,
        "registered_at": now(),
        "seen_at": now(),
        "name": info.name,
        "host": info.host,
        "fingerprint": info.fingerprint,
        "version": info.version,
        "memory_bytes": info.memory_bytes,
        "cpu_count": info.cpu_count,
        "queues": dump(info.queues),
        "tags": dump(info.tags),
        "slot_table": dump(to_json(info.slot_table)),
        "load": None,
    }
    named = workers.c.worker_id == info.worker_id
    new = {"worker_id": info.worker_id, "state": WorkerState.ONLINE.value, **row}
    if not insert_ignoring(connection, workers, ["worker_id"], new):
        again = sa.update(workers).where(named)
        connection.execute(again.values(**row, state=_state_of_the_living))
    connection.execute(sa.delete(devices).where(devices.c.worker_id == info.worker_id))
    rows = [
        {
            "worker_id": info.worker_id,
            "position": position,
            "kind": device.kind,
            "uuid": device.uuid,
            "state": device.state.value,
            "simulated": device.simulated,
            "name": device.name,
            "reason": device.reason,
            "details": dump(dict(device.details)),
        }
        for position, device in enumerate(info.devices)
    ]
    insert_many(connection, devices, rows)
    data = {"name": info.name, "host": info.host, "queues": list(info.queues), "slots": info.slots}
    outbox.tell(connection, EventKind.WORKER_REGISTERED, info.worker_id, data=data)
    return WorkerState(connection.execute(sa.select(workers.c.state).where(named)).scalar_one())
