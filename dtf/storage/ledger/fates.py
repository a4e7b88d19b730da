"""Looks up what became of shards and their attempts."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from dtf.domain.outcome import Outcome
from dtf.domain.ports.fates import Fates, JobFate, ShardFate
from dtf.domain.shard import ShardState
from dtf.storage.database import Database
from dtf.storage.ledger.schema import attempts, jobs, shards
from dtf.storage.ledger.service_schema import workers

_OF_A_JOB: tuple[sa.ColumnElement[Any], ...] = (
    jobs.c.job_id,
    jobs.c.run_id,
    jobs.c.name.label("job_name"),
    jobs.c.outcome.label("job_outcome"),
)
_OF_A_SHARD: tuple[sa.ColumnElement[Any], ...] = (
    *_OF_A_JOB,
    shards.c.shard_id,
    shards.c.state,
    shards.c.attempt,
    shards.c.outcome,
    shards.c.reason,
    workers.c.name.label("worker_name"),
    attempts.c.attempt.label("number"),
    attempts.c.outcome.label("attempt_outcome"),
)


class LedgerFates(Fates):
    """Reads them from the ledger's tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def shards(self, shard_ids: Collection[str]) -> dict[str, ShardFate]:
        """Those of some shards, by id."""
        if not shard_ids:
            return {}
        wanted = (
            sa.select(*_OF_A_SHARD)
            .select_from(shards)
            .join(jobs, jobs.c.job_id == shards.c.job_id)
            .outerjoin(attempts, attempts.c.shard_id == shards.c.shard_id)
            .outerjoin(workers, workers.c.worker_id == shards.c.worker_id)
            .where(shards.c.shard_id.in_(sorted(shard_ids)))
        )
        rows: dict[str, list[Row[Any]]] = defaultdict(list)
        for row in self._database.read(lambda connection: connection.execute(wanted).all()):
            rows[row.shard_id].append(row)
        return {shard_id: _shard(found) for shard_id, found in rows.items()}

    def jobs(self, job_ids: Collection[str]) -> dict[str, JobFate]:
        """Those of some jobs, by id."""
        if not job_ids:
            return {}
        wanted = sa.select(*_OF_A_JOB).where(jobs.c.job_id.in_(sorted(job_ids)))
        rows = self._database.read(lambda connection: connection.execute(wanted).all())
        return {row.job_id: _job(row) for row in rows}


def _shard(rows: Sequence[Row[Any]]) -> ShardFate:
    first = rows[0]
    return ShardFate(
        shard_id=first.shard_id,
        job=_job(first),
        state=ShardState(first.state),
        attempt=first.attempt,
        worker=first.worker_name or "",
        outcome=_outcome(first.outcome),
        reason=first.reason,
        attempts={row.number: _outcome(row.attempt_outcome) for row in rows if row.number is not None},
    )


def _job(row: Row[Any]) -> JobFate:
    return JobFate(job_id=row.job_id, run_id=row.run_id, name=row.job_name, outcome=_outcome(row.job_outcome))


def _outcome(word: str | None) -> Outcome | None:
    return Outcome(word) if word else None
