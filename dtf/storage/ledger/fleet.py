"""What the workers that live can run at a time."""

import threading
from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.match import capacity
from dtf.domain.worker import WorkerInfo, WorkerState
from dtf.storage.ledger.service_schema import workers
from dtf.storage.ledger.worker_views import worker_infos

#: How many answers are remembered.
_REMEMBERED: Final = 10_000


class Fleet:
    """Counts the slots of live workers by queue.

    It is asked several times a second, and workers change seldom: each is read once for each time that it registers.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, WorkerInfo]] = {}
        self._capacity: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def slots(self, connection: Connection, queues: Iterable[str]) -> dict[str, int]:
        """Slots of live workers for each queue that one of them serves: of those named, and of those consumed.

        A slot counts for every queue whose shards it can take; for a queue that asks for several devices at once,
        the number is that of its shards that run at a time.
        """
        with self._lock:
            return self._slots(connection, queues)

    def _slots(self, connection: Connection, queues: Iterable[str]) -> dict[str, int]:
        live = self._live(connection)
        named = {*queues, *(queue for info in live for queue in info.queues)}
        found = {queue: sum(self._count(info, queue) for info in live) for queue in named}
        return {queue: count for queue, count in found.items() if count}

    def _live(self, connection: Connection) -> list[WorkerInfo]:
        online = sa.select(workers.c.worker_id, workers.c.registered_at)
        rows = connection.execute(online.where(workers.c.state == WorkerState.ONLINE.value)).all()
        before, self._known = self._known, {}
        new = [row.worker_id for row in rows if before.get(row.worker_id, (None,))[0] != row.registered_at]
        read = {info.worker_id: info for info in worker_infos(connection, new)} if new else {}
        for row in rows:
            info = read.get(row.worker_id) or before[row.worker_id][1]
            self._known[row.worker_id] = (row.registered_at, info)
        if new or len(self._capacity) > _REMEMBERED:
            self._capacity.clear()
        return [info for _, info in self._known.values()]

    def _count(self, info: WorkerInfo, queue: str) -> int:
        key = (info.worker_id, queue)
        found = self._capacity.get(key)
        if found is None:
            found = self._capacity[key] = capacity(info, queue)
        return found
