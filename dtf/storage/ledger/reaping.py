"""Claims whose worker was not heard in time."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.outcome import Outcome
from dtf.domain.ports.control import LostAttempt
from dtf.domain.shard import AttemptResult
from dtf.storage.database import now
from dtf.storage.ledger.schema import is_claimed, jobs, shards
from dtf.storage.ledger.service_schema import workers

_over = shards.c.lease_until < now()


def lost_attempts(connection: Connection) -> Sequence[LostAttempt]:
    """Claims whose lease is over, each with the INFRA result that is to be recorded for it."""
    wanted = (
        sa.select(
            shards.c.shard_id,
            shards.c.attempt,
            shards.c.worker_id,
            shards.c.slot,
            shards.c.claimed_at,
            shards.c.crashes,
            shards.c.refunds,
            jobs.c.max_retries,
            workers.c.name,
            (now() - shards.c.claimed_at).label("held_s"),
        )
        .join(jobs, jobs.c.job_id == shards.c.job_id)
        .outerjoin(workers, workers.c.worker_id == shards.c.worker_id)
        .where(is_claimed, _over)
        .order_by(shards.c.lease_until)
    )
    return [
        LostAttempt(
            result=AttemptResult(
                shard_id=row.shard_id,
                attempt=row.attempt,
                worker_id=row.worker_id,
                slot=row.slot,
                outcome=Outcome.INFRA,
                reason=f"worker {row.name or row.worker_id} was not heard from and its lease ended",
                started_at=row.claimed_at,
                duration_s=row.held_s,
            ),
            crashes=row.crashes,
            max_retries=row.max_retries,
            refunds=row.refunds,
        )
        for row in connection.execute(wanted)
    ]


def is_over(connection: Connection, shard_id: str) -> bool:
    """Whether the lease on a shard is over now."""
    return bool(connection.scalar(sa.select(sa.literal(1)).where(shards.c.shard_id == shard_id, _over)))
