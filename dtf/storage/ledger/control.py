"""What the leading coordinator reads and writes, over the ledger's tables."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.events import Event, EventKind
from dtf.domain.outcome import Outcome
from dtf.domain.ports.control import CollectingJob, Control, JobToPlan, LostAttempt, Term, WaitingShard
from dtf.domain.shard import Disposition, JobState, ShardKind, ShardPlan
from dtf.domain.worker import WorkerState
from dtf.storage.database import Database, now
from dtf.storage.ledger import outbox, planning, reaping, recording
from dtf.storage.ledger.cancelling import cancel_run
from dtf.storage.ledger.fleet import Fleet
from dtf.storage.ledger.json_text import load
from dtf.storage.ledger.leadership import fence
from dtf.storage.ledger.schema import (
    is_open_job,
    is_open_run,
    is_open_shard,
    is_queued,
    is_under_way,
    jobs,
    runs,
    shards,
)
from dtf.storage.ledger.service_schema import events, is_pending, workers
from dtf.storage.ledger.settling import lock_job, settle_job, settle_run
from dtf.storage.ledger.waiting import open_queues, waiting_shards
from dtf.storage.sanitiser import clean_result

T = TypeVar("T")

#: Rows named in one statement: SQLite takes 32,766 parameters.
_AT_ONCE = 5_000


class LedgerControl(Control):
    """The coordinator's side of the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._fleet = Fleet()

    def _write(self, term: Term, work: Callable[[Connection], T]) -> T:
        def fenced(connection: Connection) -> T:
            fence(connection, term)
            return work(connection)

        return self._database.write(fenced)

    def jobs_to_plan(self) -> Sequence[JobToPlan]:
        """Jobs whose manifest waits to be cut."""
        return self._database.read(lambda connection: planning.jobs_to_plan(connection, self._fleet))

    def store_plan(self, term: Term, job_id: str, shards: Sequence[ShardPlan]) -> None:
        """Insert a job's shards and set it running. An empty plan finishes it as EMPTY."""
        self._write(term, lambda connection: planning.store_plan(connection, job_id, shards))

    def waiting(self, per_queue: int) -> Sequence[WaitingShard]:
        """For each queue the first ``per_queue`` due shards by priority, rank and age, and every hinted one."""
        return self._database.read(lambda connection: waiting_shards(connection, per_queue))

    def collecting(self) -> Sequence[CollectingJob]:
        """Suites that a worker collects now."""
        wanted = (
            sa.select(jobs.c.job_id, shards.c.queue)
            .join(shards, shards.c.job_id == jobs.c.job_id)
            .where(is_under_way, jobs.c.state == JobState.COLLECTING.value, jobs.c.started_at.is_not(None))
            .where(is_open_shard, shards.c.kind == ShardKind.COLLECT.value)
        )
        found = self._database.read(lambda connection: connection.execute(wanted).all())
        return [CollectingJob(job_id=row.job_id, queue=row.queue) for row in found]

    def slots(self) -> dict[str, int]:
        """Slots of live workers for each queue that they consume, and for each in which shards wait."""
        return self._database.read(lambda connection: self._fleet.slots(connection, open_queues(connection)))

    def mark_hinted(self, term: Term, shard_ids: Sequence[str]) -> None:
        """Note that the hints of these shards were sent now."""

        def work(connection: Connection) -> None:
            for start in range(0, len(shard_ids), _AT_ONCE):
                named = shards.c.shard_id.in_(shard_ids[start : start + _AT_ONCE])
                connection.execute(sa.update(shards).where(named, is_queued).values(hinted_at=now()))

        if shard_ids:
            self._write(term, work)

    def lost_attempts(self) -> Sequence[LostAttempt]:
        """Claims whose lease is over."""
        return self._database.read(reaping.lost_attempts)

    def expire(self, term: Term, lost: LostAttempt, disposition: Disposition) -> bool:
        """Settle a lost attempt if its lease is still over."""
        result = clean_result(lost.result)

        def work(connection: Connection) -> bool:
            locked = recording.lock_shard(connection, result.shard_id)
            if locked is None or not recording.is_current(locked[1], result.attempt):
                return False
            if not reaping.is_over(connection, result.shard_id):
                return False
            recording.settle_attempt(connection, *locked, result, disposition, recording.EXPIRED)
            return True

        return self._write(term, work)

    def cancel_overdue(self, term: Term) -> int:
        """Cancel runs past their time limit, and attached runs whose command is gone; return how many."""
        overdue = self._database.read(lambda connection: connection.scalars(_overdue(runs.c.run_id)).all())
        return sum(self._write(term, partial(_cancel_overdue, run_id=run_id)) for run_id in overdue)

    def lose_workers(self, term: Term, silent_s: float) -> Sequence[str]:
        """Set workers offline that were silent for so long; return their ids."""
        silent = (workers.c.state != WorkerState.OFFLINE.value) & (workers.c.seen_at < now() - silent_s)
        wanted = sa.select(workers.c.worker_id).where(silent)
        # a look first: nearly always there is none, and a look writes nothing
        if not self._database.read(lambda connection: connection.execute(wanted.limit(1)).first()):
            return []

        def work(connection: Connection) -> Sequence[str]:
            lost = connection.execute(
                sa.update(workers)
                .where(silent)
                .values(state=WorkerState.OFFLINE.value)
                .returning(workers.c.worker_id, workers.c.name, workers.c.host)
            ).all()
            for row in lost:
                data = {"name": row.name, "host": row.host}
                outbox.tell(connection, EventKind.WORKER_LOST, row.worker_id, data=data)
            return [row.worker_id for row in lost]

        return self._write(term, work)

    def settle(self, term: Term) -> int:
        """Finish jobs and runs whose shards are all finished but which are not; return how many."""
        open_jobs, open_runs = self._database.read(_unsettled)

        settled = sum(self._write(term, partial(_settle_locked, job_id=job_id)) for job_id in open_jobs)
        return settled + sum(self._write(term, partial(settle_run, run_id=run_id)) for run_id in open_runs)

    def pending_events(self, limit: int) -> Sequence[Event]:
        """The oldest events of the outbox that were not delivered."""
        wanted = sa.select(events).where(is_pending).order_by(events.c.sequence).limit(limit)
        found = self._database.read(lambda connection: connection.execute(wanted).all())
        return [
            Event(
                sequence=row.sequence,
                at=row.at,
                kind=EventKind(row.kind),
                subject=row.subject,
                run_id=row.run_id,
                data=load(row.data),
            )
            for row in found
        ]

    def mark_delivered(self, term: Term, sequences: Sequence[int]) -> None:
        """Note that these events were delivered."""

        def work(connection: Connection) -> None:
            for start in range(0, len(sequences), _AT_ONCE):
                named = events.c.sequence.in_(sequences[start : start + _AT_ONCE])
                connection.execute(sa.update(events).where(named).values(delivered_at=now()))

        if sequences:
            self._write(term, work)


_is_late = runs.c.deadline < now()


def _overdue(*columns: sa.ColumnElement[Any]) -> sa.Select[*tuple[Any, ...]]:
    is_over = _is_late | (runs.c.attached_until < now())
    return sa.select(*columns).where(is_open_run, runs.c.cancel_outcome.is_(None), is_over)


def _cancel_overdue(connection: Connection, run_id: str) -> bool:
    # asked again: while this waited for a lock, the run's command may have given a sign of life
    wanted = _overdue(runs.c.timeout_s, _is_late.label("late")).where(runs.c.run_id == run_id)
    run = connection.execute(wanted).first()
    if run is None:
        return False
    reason = f"time limit: {run.timeout_s:g} s for the whole run" if run.late else "its command ended"
    cancel_run(connection, run_id, reason, Outcome.TIMEOUT if run.late else Outcome.CANCELLED)
    return True


def _settle_locked(connection: Connection, job_id: str) -> bool:
    return lock_job(connection, job_id) is not None and settle_job(connection, job_id)


def _unsettled(connection: Connection) -> tuple[Sequence[str], Sequence[str]]:
    """Jobs under way without an open shard, and open runs without an open job."""
    # as a subquery with a limit, not NOT EXISTS: Postgres would read every open shard to join them
    shard = sa.select(sa.literal(1)).where(shards.c.job_id == jobs.c.job_id, is_open_shard).limit(1)
    settles = (jobs.c.state != JobState.PLANNING.value) | jobs.c.cancel_outcome.is_not(None)
    no_shard = shard.scalar_subquery().is_(None)
    open_jobs = connection.scalars(sa.select(jobs.c.job_id).where(is_under_way, settles, no_shard)).all()
    job = sa.select(sa.literal(1)).where(jobs.c.run_id == runs.c.run_id, is_open_job).limit(1)
    no_job = job.scalar_subquery().is_(None)
    open_runs = connection.scalars(sa.select(runs.c.run_id).where(is_open_run, no_job)).all()
    return open_jobs, open_runs
