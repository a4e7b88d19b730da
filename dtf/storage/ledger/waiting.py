"""What the dispatcher chooses from; asked several times a second, so every statement walks an index and stops."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from dtf.domain.ports.control import WaitingShard
from dtf.storage.database import now
from dtf.storage.ledger.schema import is_hinted, is_queued, shards

_columns = (
    shards.c.shard_id,
    shards.c.job_id,
    shards.c.run_id,
    shards.c.queue,
    shards.c.kind,
    shards.c.priority,
    shards.c.rank,
    shards.c.predicted_s,
    (now() - shards.c.queued_at).label("waiting_s"),
    (now() - shards.c.hinted_at).label("hinted_s"),
)


def waiting_shards(connection: Connection, per_queue: int) -> Sequence[WaitingShard]:
    """For each queue the first ``per_queue`` due shards by priority, rank and age, and every hinted one."""
    found: dict[str, WaitingShard] = {}
    for queue in open_queues(connection):
        first = (
            sa.select(*_columns)
            .where(is_queued, shards.c.queue == queue, shards.c.not_before <= now())
            .order_by(shards.c.priority.desc(), shards.c.rank, shards.c.queued_at)
            .limit(per_queue)
        )
        found.update((row.shard_id, _shard(row)) for row in connection.execute(first))
    if found:
        # the comparison is always true, and names the index to SQLite
        hinted = sa.select(*_columns).where(is_hinted, shards.c.hinted_at > 0).order_by(shards.c.hinted_at)
        found.update((row.shard_id, _shard(row)) for row in connection.execute(hinted) if row.shard_id not in found)
    return list(found.values())


def open_queues(connection: Connection) -> list[str]:
    """The queues in which anything waits: one step in the index for each, however much waits there."""
    first = sa.select(sa.func.min(shards.c.queue).label("queue")).where(is_queued)
    steps = first.cte("steps", recursive=True)
    following = sa.select(sa.func.min(shards.c.queue)).where(is_queued, shards.c.queue > steps.c.queue)
    steps = steps.union_all(sa.select(following.scalar_subquery()).where(steps.c.queue.is_not(None)))
    return [queue for queue in connection.scalars(sa.select(steps.c.queue)) if queue is not None]


def _shard(row: Row[Any]) -> WaitingShard:
    return WaitingShard(**{column.name: getattr(row, column.name) for column in _columns})
