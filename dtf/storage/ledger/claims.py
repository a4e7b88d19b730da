"""What the workers' slots run at the moment."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.ports.monitor import ClaimView
from dtf.storage.ledger.schema import is_claimed, jobs, shards


def claims(connection: Connection) -> Sequence[ClaimView]:
    """All shards in the hands of workers, those that were claimed first before the others."""
    wanted = (
        sa.select(
            shards.c.shard_id,
            shards.c.attempt,
            shards.c.job_id,
            shards.c.run_id,
            shards.c.queue,
            shards.c.worker_id,
            shards.c.slot,
            shards.c.claimed_at,
            jobs.c.name,
        )
        .join(jobs, jobs.c.job_id == shards.c.job_id)
        .where(is_claimed)
        .order_by(shards.c.claimed_at, shards.c.shard_id)
    )
    return [ClaimView(**row) for row in connection.execute(wanted).mappings()]
