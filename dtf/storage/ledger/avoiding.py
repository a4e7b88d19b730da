"""Which worker leaves a queued shard to others: one that failed it, as long as another one can take it."""

from collections.abc import Collection, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.breaker import Target
from dtf.domain.held import holders
from dtf.domain.match import capacity
from dtf.domain.worker import WorkerState
from dtf.storage.database import now
from dtf.storage.ledger.json_text import dump, load
from dtf.storage.ledger.schema import is_queued, shards
from dtf.storage.ledger.service_schema import workers
from dtf.storage.ledger.worker_views import quarantined, worker_infos

#: Nobody has to stand back from a shard that waited so long for another worker, in seconds: that one may be busy for
#: hours, or take no work at present.
PATIENCE_S: Final = 60.0

#: How many workers a shard remembers, the latest ones.
_REMEMBERED: Final = 16


def left_to_others(connection: Connection, shard_id: str, worker_id: str, refusing: Collection[Target] = ()) -> str:
    """Why a worker leaves a queued shard to others; empty: it may have it, or it is not queued.

    Args:
        connection: The ledger's.
        shard_id: The shard.
        worker_id: The worker.
        refusing: The targets whose breakers let no work through: whoever has nothing else, or has the rest in
            quarantine, serves no queue.
    """
    waited = sa.func.coalesce(
        now() - sa.case((shards.c.not_before > shards.c.queued_at, shards.c.not_before), else_=shards.c.queued_at), 0.0
    )
    row = connection.execute(
        sa.select(shards.c.queue, shards.c.avoid, waited.label("waited_s")).where(
            shards.c.shard_id == shard_id, is_queued, shards.c.avoid != "[]"
        )
    ).first()
    if row is None or row.waited_s > PATIENCE_S:
        return ""
    avoided = load(row.avoid)
    if worker_id not in avoided or not another_serves(connection, row.queue, avoided, refusing):
        return ""
    return "the shard failed on this worker and is left to another one"


def is_not_avoided(worker_id: str) -> sa.ColumnElement[bool]:
    """That a shard is not to avoid a worker."""
    return ~shards.c.avoid.contains(f'"{worker_id}"', autoescape=True)


def avoid_too(avoid: str, worker_ids: Sequence[str]) -> str:
    """What a shard remembers, with further workers.

    Args:
        avoid: JSON, as the shard's row has it.
        worker_ids: Who comes to it.
    """
    known = [worker_id for worker_id in load(avoid) if worker_id not in worker_ids]
    return dump([*known, *worker_ids][-_REMEMBERED:])


def another_serves(connection: Connection, queue: str, avoided: Sequence[str], refusing: Collection[Target]) -> bool:
    """Whether a live worker other than some serves a queue, given what takes no work."""
    live = sa.select(workers.c.worker_id).where(workers.c.state == WorkerState.ONLINE.value)
    others = [worker_id for worker_id in connection.scalars(live) if worker_id not in avoided]
    if not others:
        return False
    able = [info for info in worker_infos(connection, others) if capacity(info, queue)]
    kept = quarantined(connection, [info.worker_id for info in able])
    return any(not holders(queue, (info,), {*refusing, *kept.get(info.worker_id, ())}) for info in able)
