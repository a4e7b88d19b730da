"""Where workers are known, over the ledger's tables."""

from collections.abc import Sequence

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

    def register(self, info: WorkerInfo) -> None:
        """Insert or replace a worker and its devices, and set it online."""
        info = clean_worker(info)
        self._database.write(lambda connection: _register(connection, info))

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
                state=sa.case((offline, WorkerState.ONLINE.value), else_=workers.c.state),
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
        change = sa.update(workers).where(workers.c.worker_id == worker_id).values(state=state.value)
        if not self._database.write(lambda connection: connection.execute(change).rowcount):
            raise UnknownRecordError(f"there is no worker {worker_id!r}")


def _register(connection: Connection, info: WorkerInfo) -> None:
    row = {
        "state": WorkerState.ONLINE.value,
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
    if not insert_ignoring(connection, workers, ["worker_id"], {"worker_id": info.worker_id, **row}):
        connection.execute(sa.update(workers).where(workers.c.worker_id == info.worker_id).values(**row))
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
