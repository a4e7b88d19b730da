"""Metrics as commands and pages read them."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.shard import Metric, ShardState
from dtf.storage.ledger.schema import metrics, shards


def run_metrics(connection: Connection, run_id: str) -> list[tuple[str, str, int, Metric]]:
    """What the attempts measured that finished their shards, as (shard id, job id, attempt, metric)."""
    finishing = (metrics.c.shard_id == shards.c.shard_id) & (metrics.c.attempt == shards.c.attempt)
    wanted = (
        sa.select(shards.c.job_id, metrics)
        .join(shards, finishing)
        .where(shards.c.run_id == run_id, shards.c.state == ShardState.FINISHED.value)
        .order_by(shards.c.job_id, metrics.c.shard_id, metrics.c.position)
    )
    return [
        (
            row.shard_id,
            row.job_id,
            row.attempt,
            # the note is how a float that no database takes writes itself: nan, inf, -inf
            Metric(name=row.name, value=float(row.note) if row.value is None else row.value, unit=row.unit),
        )
        for row in connection.execute(wanted)
    ]
