"""What operators are needed for, as commands show it."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.ports.views import AlarmView
from dtf.domain.recovery import RecoveryAction
from dtf.storage.ledger.schema import attempts, is_open_shard, shards
from dtf.storage.ledger.service_schema import workers


def alarm_views(connection: Connection, job_id: str, limit: int) -> Sequence[AlarmView]:
    """The unfinished shards whose last failure called for a failover, with that failure."""
    own = attempts.alias()
    failed = (
        sa.select(sa.func.max(own.c.attempt))
        .where(own.c.shard_id == shards.c.shard_id, own.c.failure != "")
        .correlate(shards)
        .scalar_subquery()
    )
    last = (attempts.c.shard_id == shards.c.shard_id) & (attempts.c.attempt == failed)
    wanted = (
        sa.select(
            shards.c.shard_id,
            shards.c.job_id,
            shards.c.run_id,
            shards.c.queue,
            (shards.c.crashes + shards.c.refunds).label("failures"),
            attempts.c.failure,
            attempts.c.reason,
            attempts.c.worker_id,
            workers.c.name,
            attempts.c.recorded_at,
        )
        .select_from(shards)
        .join(attempts, last)
        .outerjoin(workers, workers.c.worker_id == attempts.c.worker_id)
        .where(is_open_shard, shards.c.action == RecoveryAction.FAIL_OVER.value)
        .order_by(attempts.c.recorded_at)
        .limit(limit)
    )
    if job_id:
        wanted = wanted.where(shards.c.job_id == job_id)
    return [
        AlarmView(
            shard_id=row.shard_id,
            job_id=row.job_id,
            run_id=row.run_id,
            queue=row.queue,
            failures=row.failures,
            failure=row.failure,
            worker=row.name or row.worker_id,
            at=row.recorded_at or 0.0,
            reason=row.reason or "",
        )
        for row in connection.execute(wanted).all()
    ]
