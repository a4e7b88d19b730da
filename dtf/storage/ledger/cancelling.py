"""How runs and jobs are called off."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.events import EventKind
from dtf.domain.outcome import Outcome
from dtf.domain.shard import JobState, ShardState
from dtf.storage.database import now
from dtf.storage.ledger.json_text import dump
from dtf.storage.ledger.schema import is_claimed, is_open_job, is_open_shard, is_queued, jobs, runs, shards
from dtf.storage.ledger.service_schema import events
from dtf.storage.ledger.settling import lock_job, settle_job, settle_run


def cancel_shards(connection: Connection, which: sa.ColumnElement[bool], reason: str) -> int:
    """Finish queued shards as cancelled, mark claimed ones; the caller holds the locks on their jobs."""
    values = {"state": ShardState.FINISHED.value, "outcome": Outcome.CANCELLED.value, "reason": reason}
    finished = connection.execute(
        sa.update(shards).where(which, is_queued).values(**values, finished_at=now(), hinted_at=None)
    ).rowcount
    # after the queued ones: what was claimed in between is found here
    marked = connection.execute(
        sa.update(shards).where(which, is_claimed, shards.c.cancel_reason.is_(None)).values(cancel_reason=reason)
    ).rowcount
    return finished + marked


def stop_job(connection: Connection, job_id: str, outcome: Outcome, reason: str) -> int:
    """Call off the rest of a job, which then counts as ``outcome``; the caller holds the lock on its row."""
    connection.execute(
        sa.update(jobs)
        .where(jobs.c.job_id == job_id)
        .where(jobs.c.cancel_outcome.is_(None) | (jobs.c.cancel_outcome == Outcome.FAILED.value))
        .values(cancel_outcome=outcome.value, cancel_reason=reason)
    )
    return cancel_shards(connection, shards.c.job_id == job_id, reason)


def cancel_job(connection: Connection, job_id: str, reason: str) -> int:
    """Call off one job; return how many of its shards were not finished."""
    job = lock_job(connection, job_id)
    if job is None or job.state == JobState.FINISHED:
        return 0
    count = stop_job(connection, job_id, Outcome.CANCELLED, reason)
    settle_job(connection, job_id)
    return count


def cancel_run(connection: Connection, run_id: str, reason: str, outcome: Outcome) -> int:
    """Call off a run; return how many of its shards were not finished.

    Args:
        connection: Inside a transaction.
        run_id: The run; harmless when it is finished or unknown.
        reason: One sentence for people.
        outcome: ``CANCELLED``, or ``TIMEOUT`` for the run's own time limit.
    """
    # by id, as everywhere: two transactions that lock several jobs do so in one order
    connection.execute(
        sa.select(jobs.c.job_id)
        .where(jobs.c.run_id == run_id, is_open_job)
        .order_by(jobs.c.job_id)
        .with_for_update(key_share=True)
    ).all()
    open_jobs = (jobs.c.run_id == run_id) & is_open_job
    connection.execute(
        sa.update(jobs)
        .where(open_jobs, jobs.c.cancel_outcome.is_(None) | (jobs.c.cancel_outcome == Outcome.FAILED.value))
        .values(cancel_outcome=outcome.value, cancel_reason=reason)
    )
    count = cancel_shards(connection, shards.c.run_id == run_id, reason)
    connection.execute(
        sa.update(runs)
        .where(runs.c.run_id == run_id, runs.c.outcome.is_(None), runs.c.cancel_outcome.is_(None))
        .values(cancel_outcome=outcome.value, cancel_reason=reason)
    )
    _finish_untouched(connection, run_id, outcome, reason)
    for job_id in connection.scalars(sa.select(jobs.c.job_id).where(open_jobs).order_by(jobs.c.job_id)).all():
        settle_job(connection, job_id)
    settle_run(connection, run_id)
    return count


def _finish_untouched(connection: Connection, run_id: str, outcome: Outcome, reason: str) -> None:
    """Finish in a few statements the jobs of which nothing was ever claimed: there may be 100,000 of them."""
    held = sa.exists().where(shards.c.job_id == jobs.c.job_id, is_open_shard)
    untouched = (jobs.c.run_id == run_id) & is_open_job & jobs.c.started_at.is_(None) & ~held
    data = dump({"outcome": outcome.value, "reason": reason})
    connection.execute(
        events.insert().from_select(
            ["at", "kind", "subject", "run_id", "data"],
            sa.select(
                now(),
                sa.literal(EventKind.JOB_FINISHED.value),
                jobs.c.job_id,
                jobs.c.run_id,
                sa.literal(data),
            ).where(untouched),
        )
    )
    connection.execute(
        sa.update(jobs)
        .where(untouched)
        .values(state=JobState.FINISHED.value, outcome=outcome.value, reason=reason, finished_at=now())
    )
