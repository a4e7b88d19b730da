"""How a job ends when its last shard has ended, and a run when its last job has.

Locks are taken in one order everywhere: job rows (by id), then shard rows, then the run row. The verdict is taken after
the lock, so of two transactions that finish the last two shards the second one sees the first.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from dtf.domain.events import EventKind
from dtf.domain.outcome import Outcome, gravest
from dtf.domain.shard import JobState, ShardKind
from dtf.storage.database import now
from dtf.storage.ledger import outbox
from dtf.storage.ledger.schema import is_open_job, is_open_shard, jobs, runs, shards


def lock_job(connection: Connection, job_id: str) -> Row[Any] | None:
    """Lock a job's row until the transaction ends, and return it."""
    # not FOR UPDATE: inserted shards and cases hold their job's key
    return connection.execute(sa.select(jobs).where(jobs.c.job_id == job_id).with_for_update(key_share=True)).first()


def verdict(outcomes: Iterable[Outcome], cancelled_as: Outcome | None) -> Outcome:
    """The verdict on a whole whose cancelled parts count as ``cancelled_as``.

    Too many failures end a job as failed, as with pytest; a cancellation or the run's time limit outweighs the rest.
    """
    seen = set(outcomes)
    if cancelled_as is None or Outcome.CANCELLED not in seen:
        return gravest(seen)
    if cancelled_as is Outcome.FAILED:
        return gravest(seen - {Outcome.CANCELLED} | {Outcome.FAILED})
    return cancelled_as


def settle_job(connection: Connection, job_id: str) -> bool:
    """Finish a job if all its shards are finished; the caller holds the lock on its row.

    Returns:
        Whether it was finished by this call.
    """
    job = connection.execute(sa.select(jobs).where(jobs.c.job_id == job_id)).one()
    if job.state == JobState.FINISHED:
        return False
    if job.state == JobState.PLANNING and job.cancel_outcome is None:
        return False
    if connection.scalar(sa.select(sa.literal(1)).where(shards.c.job_id == job_id, is_open_shard).limit(1)):
        return False
    outcome, reason = _job_outcome(connection, job)
    finish_job(connection, job, outcome, reason)
    return True


def _job_outcome(connection: Connection, job: Row[Any]) -> tuple[Outcome, str]:
    cancelled_as = Outcome(job.cancel_outcome) if job.cancel_outcome else None
    kind = ShardKind.COLLECT if job.state == JobState.COLLECTING else ShardKind.RUN
    found = connection.execute(
        sa.select(shards.c.outcome, sa.func.min(shards.c.rank).label("rank"))
        .where(shards.c.job_id == job.job_id, shards.c.kind == kind.value)
        .group_by(shards.c.outcome)
    ).all()
    outcomes = {Outcome(row.outcome): row.rank for row in found}
    if cancelled_as is not None and (job.state == JobState.PLANNING or kind is ShardKind.COLLECT):
        return cancelled_as, job.cancel_reason
    outcome = verdict(outcomes, cancelled_as)
    if outcome is cancelled_as and Outcome.CANCELLED in outcomes:
        return outcome, job.cancel_reason
    if outcome not in outcomes:
        return outcome, ""
    reason = connection.scalar(
        sa.select(shards.c.reason)
        .where(shards.c.job_id == job.job_id, shards.c.kind == kind.value)
        .where(shards.c.rank == outcomes[outcome], shards.c.outcome == outcome.value)
        .limit(1)
    )
    return outcome, reason or ""


def finish_job(connection: Connection, job: Row[Any], outcome: Outcome, reason: str) -> None:
    """Write a job's verdict, tell it, and finish its run if this was the last job."""
    connection.execute(
        sa.update(jobs)
        .where(jobs.c.job_id == job.job_id)
        .values(state=JobState.FINISHED.value, outcome=outcome.value, reason=reason, finished_at=now())
    )
    data = {"outcome": outcome.value, "name": job.name, "hardware": job.hardware, "reason": reason}
    outbox.tell(connection, EventKind.JOB_FINISHED, job.job_id, job.run_id, data)
    settle_run(connection, job.run_id)


def settle_run(connection: Connection, run_id: str) -> bool:
    """Finish a run if all its jobs are finished.

    Returns:
        Whether it was finished by this call.
    """
    run = connection.execute(sa.select(runs).where(runs.c.run_id == run_id).with_for_update(key_share=True)).first()
    if run is None or run.outcome is not None:
        return False
    if connection.scalar(sa.select(sa.literal(1)).where(jobs.c.run_id == run_id, is_open_job).limit(1)):
        return False
    outcome, reason, ended_by = _run_outcome(connection, run)
    connection.execute(
        sa.update(runs)
        .where(runs.c.run_id == run_id)
        .values(outcome=outcome.value, reason=reason, ended_by=ended_by, finished_at=now())
    )
    data = {"outcome": outcome.value, "name": run.name, "reason": reason, "ended_by": ended_by}
    outbox.tell(connection, EventKind.RUN_FINISHED, run_id, run_id, data)
    return True


def _run_outcome(connection: Connection, run: Row[Any]) -> tuple[Outcome, str, str | None]:
    found = connection.execute(
        sa.select(jobs.c.outcome, sa.func.min(jobs.c.position).label("position"))
        .where(jobs.c.run_id == run.run_id)
        .group_by(jobs.c.outcome)
    ).all()
    outcomes = {Outcome(row.outcome): row.position for row in found}
    if run.cancel_outcome is not None and _was_cut_short(connection, run):
        return Outcome(run.cancel_outcome), run.cancel_reason, run.cancel_outcome
    outcome = gravest(outcomes)
    reason = connection.scalar(
        sa.select(jobs.c.reason)
        .where(jobs.c.run_id == run.run_id, jobs.c.outcome == outcome.value)
        .where(jobs.c.position == outcomes.get(outcome, -1))
    )
    return outcome, reason or "", None


def _was_cut_short(connection: Connection, run: Row[Any]) -> bool:
    """Whether cancelling the run ended any of its jobs; all of them may have finished by themselves meanwhile."""
    return bool(
        connection.scalar(
            sa.select(sa.literal(1))
            .where(jobs.c.run_id == run.run_id, jobs.c.outcome == run.cancel_outcome)
            .where(jobs.c.cancel_outcome == run.cancel_outcome)
            .limit(1)
        )
    )
