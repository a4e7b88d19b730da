"""How an attempt begins: a queued shard becomes a claimed one in one conditional statement."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from dtf.domain.breaker import Target
from dtf.domain.codec import from_json
from dtf.domain.manifest import ManifestItem
from dtf.domain.recovery import RecoveryAction
from dtf.domain.shard import ClaimedShard, ShardKind, ShardState
from dtf.domain.specs import JobSpec
from dtf.storage.database import now
from dtf.storage.ledger import injections, manifests, ordinals
from dtf.storage.ledger.avoiding import another_serves, is_not_avoided, left_to_others
from dtf.storage.ledger.json_text import load
from dtf.storage.ledger.schema import (
    FAILURE_COUNTS,
    attempts,
    cases,
    is_claimed,
    is_open_shard,
    is_queued,
    jobs,
    runs,
    shards,
)

is_due = shards.c.not_before <= now()


def claim(
    connection: Connection,
    shard_id: str,
    worker_id: str,
    slot: int,
    lease_s: float,
    refusing: Collection[Target] = (),
) -> ClaimedShard | None:
    """Claim one shard if it is queued and due, and not left to others."""
    place = connection.execute(
        sa.select(shards.c.job_id, shards.c.avoid, jobs.c.started_at)
        .join(jobs, jobs.c.job_id == shards.c.job_id)
        .where(shards.c.shard_id == shard_id, is_queued, is_due)
    ).first()
    if place is None or (place.avoid != "[]" and left_to_others(connection, shard_id, worker_id, refusing)):
        return None
    # the job's row is written before the shard's, as everywhere; undone below if the claim comes to nothing
    with connection.begin_nested() as attempt_to_claim:
        if place.started_at is None:
            _note_start(connection, place.job_id)
        shard = _take(connection, shards.c.shard_id == shard_id, worker_id, slot, lease_s)
        if shard is None:
            attempt_to_claim.rollback()
            return None
    return _begin(connection, shard, slot, lease_s)


def claim_follow_on(
    connection: Connection,
    before: ClaimedShard,
    worker_id: str,
    slot: int,
    lease_s: float,
    queues: Sequence[str] = (),
) -> ClaimedShard | None:
    """Claim the next shard of the same affinity, unless something more urgent waits in its queue."""
    urgent = (
        sa.select(sa.literal(1))
        .where(is_queued, is_due, shards.c.queue == before.queue, shards.c.priority > before.job.priority)
        .limit(1)
    )
    if connection.scalar(urgent):
        return None
    if before.job.affinity and before.affinity == before.job.affinity:
        following = connection.scalar(_next_of_run(before, {before.queue, *queues}, worker_id))
        return None if following is None else claim(connection, following, worker_id, slot, lease_s)
    return _claim_next_of_job(connection, before, worker_id, slot, lease_s)


def bound_to(
    connection: Connection, worker_id: str, queues: Collection[str], refusing: Collection[Target], count: int
) -> list[tuple[str, str, JobSpec]]:
    """The most urgent shards of each queue that may be claimed now and that no other worker can run."""
    found: list[tuple[str, str, JobSpec]] = []
    for queue in sorted(queues):
        if another_serves(connection, queue, (worker_id,), refusing):
            continue
        first = (
            sa.select(shards.c.shard_id, shards.c.job_id)
            .where(is_queued, is_due, shards.c.queue == queue, shards.c.kind == ShardKind.RUN.value)
            .order_by(shards.c.priority.desc(), shards.c.rank, shards.c.queued_at)
            .limit(count)
            .subquery()
        )
        rows = connection.execute(sa.select(first.c.shard_id, jobs.c.spec).join(jobs, jobs.c.job_id == first.c.job_id))
        found += [(row.shard_id, queue, from_json(JobSpec, load(row.spec))) for row in rows]
    return found


def _next_of_run(before: ClaimedShard, queues: Iterable[str], worker_id: str) -> sa.Select[str]:
    """The shard of whichever job goes on with the same model."""
    return (
        sa.select(shards.c.shard_id)
        .join(jobs, jobs.c.job_id == shards.c.job_id)
        .where(shards.c.run_id == before.run_id, is_queued, is_due, shards.c.affinity == before.affinity)
        .where(shards.c.queue.in_(sorted(queues)), shards.c.kind == ShardKind.RUN.value, is_not_avoided(worker_id))
        .order_by(shards.c.priority.desc(), jobs.c.position, shards.c.rank)
        .limit(1)
    )


def _claim_next_of_job(
    connection: Connection, before: ClaimedShard, worker_id: str, slot: int, lease_s: float
) -> ClaimedShard | None:
    following = (
        sa.select(shards.c.shard_id)
        .where(is_queued, is_due, shards.c.job_id == before.job_id, shards.c.affinity == before.affinity)
        .where(shards.c.kind == ShardKind.RUN.value, shards.c.queue == before.queue, is_not_avoided(worker_id))
        .order_by(shards.c.rank)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    shard = _take(connection, shards.c.shard_id == following.scalar_subquery(), worker_id, slot, lease_s)
    return None if shard is None else _begin(connection, shard, slot, lease_s)


def _take(
    connection: Connection, which: sa.ColumnElement[bool], worker_id: str, slot: int, lease_s: float
) -> Row[Any] | None:
    return connection.execute(
        sa.update(shards)
        .where(which, is_queued, is_due)
        .values(
            state=ShardState.CLAIMED.value,
            attempt=shards.c.attempt + 1,
            worker_id=worker_id,
            slot=slot,
            claimed_at=now(),
            lease_until=now() + lease_s,
            hinted_at=None,
            done=0,
            failed=0,
        )
        .returning(shards)
    ).first()


def _note_start(connection: Connection, job_id: str) -> None:
    connection.execute(
        sa.update(jobs).where(jobs.c.job_id == job_id, jobs.c.started_at.is_(None)).values(started_at=now())
    )


def _begin(connection: Connection, shard: Row[Any], slot: int, lease_s: float) -> ClaimedShard:
    connection.execute(
        attempts.insert().values(
            shard_id=shard.shard_id,
            attempt=shard.attempt,
            job_id=shard.job_id,
            run_id=shard.run_id,
            worker_id=shard.worker_id,
            slot=slot,
            claimed_at=shard.claimed_at,
        )
    )
    failures = sum((jobs.c[column] for column in FAILURE_COUNTS), start=sa.literal(0))
    job = connection.execute(
        sa.select(
            jobs.c.spec, jobs.c.manifest_digest, jobs.c.max_failures, runs.c.started_at, failures.label("failures")
        )
        .join(runs, runs.c.run_id == jobs.c.run_id)
        .where(jobs.c.job_id == shard.job_id)
    ).one()
    if job.started_at is None:
        connection.execute(
            sa.update(runs)
            .where(runs.c.run_id == shard.run_id, runs.c.started_at.is_(None))
            .values(started_at=shard.claimed_at)
        )
    spec = from_json(JobSpec, load(job.spec))
    return ClaimedShard(
        shard_id=shard.shard_id,
        attempt=shard.attempt,
        run_id=shard.run_id,
        job_id=shard.job_id,
        job=spec,
        kind=ShardKind(shard.kind),
        affinity=shard.affinity,
        items=_items_left(connection, shard, job.manifest_digest),
        crashes=shard.crashes,
        refunds=shard.refunds,
        action=RecoveryAction(shard.action) if shard.action else None,
        lease_s=lease_s,
        max_failures=job.max_failures,
        queue=shard.queue,
        injects=spec.inject is not None and injections.is_due(connection, shard),
        failures=job.failures + _failures_under_way(connection, shard) if job.max_failures else 0,
    )


def _failures_under_way(connection: Connection, shard: Row[Any]) -> int:
    """What other workers have reported with their renewals and not recorded yet."""
    elsewhere = (shards.c.job_id == shard.job_id) & (shards.c.worker_id != shard.worker_id)
    return connection.scalar(sa.select(sa.func.sum(shards.c.failed)).where(elsewhere, is_open_shard, is_claimed)) or 0


def _items_left(
    connection: Connection, shard: Row[Any], manifest_digest: str | None
) -> tuple[tuple[int, ManifestItem], ...]:
    if not shard.cases or manifest_digest is None:
        return ()
    places = ordinals.unpack(shard.ordinals)
    items = manifests.load(connection, manifest_digest)
    accepted = set(accepted_outcomes(connection, shard.job_id, places)) if shard.attempt > 1 else set()
    return tuple((place, items[place]) for place in places if place not in accepted)


def accepted_outcomes(connection: Connection, job_id: str, places: tuple[int, ...]) -> dict[int, str]:
    """The outcomes of the accepted cases at these places of a job's manifest."""
    if not places:
        return {}
    wanted = set(places)
    found = connection.execute(
        sa.select(cases.c.ordinal, cases.c.outcome)
        .where(cases.c.job_id == job_id)
        .where(cases.c.ordinal.between(min(places), max(places)))
    )
    return {row.ordinal: row.outcome for row in found if row.ordinal in wanted}
