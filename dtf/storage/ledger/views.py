"""What commands and pages read, over the ledger's tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from dtf.domain.case import CaseResult
from dtf.domain.errors import UnknownRecordError
from dtf.domain.outcome import Outcome
from dtf.domain.ports.views import (
    LOG_PIECES,
    AlarmView,
    AttemptView,
    AuditFacts,
    JobView,
    LeaderView,
    RunView,
    ShardView,
    Views,
    WorkerView,
)
from dtf.domain.shard import Artifact, Metric, ShardState
from dtf.storage.database import Database, now
from dtf.storage.ledger.alarm_views import alarm_views
from dtf.storage.ledger.audit_facts import audit_facts
from dtf.storage.ledger.case_views import case_view, placed_case_view, placed_columns
from dtf.storage.ledger.json_text import load
from dtf.storage.ledger.leader_view import leader_view
from dtf.storage.ledger.metric_views import run_metrics
from dtf.storage.ledger.monitoring import backlog
from dtf.storage.ledger.run_views import job_views, run_views
from dtf.storage.ledger.schema import artifacts, attempts, cases, is_open_run, jobs, runs, shards
from dtf.storage.ledger.service_schema import leader, log_chunks, workers
from dtf.storage.ledger.worker_views import worker_views

#: Cases are read in pages, so that no transaction is held while they are used.
_PAGE = 1_000


class LedgerViews(Views):
    """Reads for people."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def resolve_run(self, name: str) -> str:
        """The id of the run that is meant."""
        newest = sa.select(runs.c.run_id).order_by(runs.c.created_at.desc()).limit(1)
        if name == "last":
            found = self._database.read(lambda connection: connection.scalar(newest))
            if found is None:
                raise UnknownRecordError("there is no run yet")
            return str(found)
        return self._resolve(runs.c.run_id, "run", name)

    def resolve_job(self, name: str) -> str:
        """The id of the job that is meant."""
        return self._resolve(jobs.c.job_id, "job", name)

    def _resolve(self, column: sa.Column[str], kind: str, name: str) -> str:
        # ids have only letters and digits, so that nothing in a prefix needs to be escaped
        if not (name.isascii() and name.isalnum()):
            raise UnknownRecordError(f"there is no {kind} {name!r}")
        prefix = sa.select(column).where(column.like(name + "%")).order_by(column).limit(2)
        found = self._database.read(lambda connection: connection.scalars(prefix).all())
        if name in found or len(found) == 1:
            return found[0]
        if found:
            raise UnknownRecordError(f"more than one {kind} begins with {name!r}: {found[0]}, {found[1]}")
        raise UnknownRecordError(f"there is no {kind} {name!r}")

    def run(self, run_id: str) -> RunView:
        """A run."""
        wanted = sa.select(runs).where(runs.c.run_id == run_id)
        found = self._database.snapshot(lambda connection: run_views(connection, connection.execute(wanted).all()))
        if not found:
            raise UnknownRecordError(f"there is no run {run_id!r}")
        return found[0]

    def runs(self, limit: int = 50, active_only: bool = False) -> Sequence[RunView]:
        """The newest runs first."""
        wanted = sa.select(runs).order_by(runs.c.created_at.desc()).limit(limit)
        if active_only:
            wanted = wanted.where(is_open_run)
        return self._database.read(lambda connection: run_views(connection, connection.execute(wanted).all()))

    def jobs(self, run_id: str) -> Sequence[JobView]:
        """A run's jobs in the order of submission."""
        wanted = sa.select(jobs).where(jobs.c.run_id == run_id).order_by(jobs.c.position)
        return self._database.read(lambda connection: job_views(connection, connection.execute(wanted).all()))

    def job(self, job_id: str) -> JobView:
        """A job."""
        wanted = sa.select(jobs).where(jobs.c.job_id == job_id)
        found = self._database.read(lambda connection: job_views(connection, connection.execute(wanted).all()))
        if not found:
            raise UnknownRecordError(f"there is no job {job_id!r}")
        return found[0]

    def shards(self, job_id: str) -> Sequence[ShardView]:
        """A job's shards by rank."""
        wanted = sa.select(shards).where(shards.c.job_id == job_id).order_by(shards.c.rank, shards.c.queued_at)
        return [_shard(row) for row in self._database.read(lambda connection: connection.execute(wanted).all())]

    def attempts(self, run_id: str) -> Sequence[AttemptView]:
        """A run's attempts in the order in which they began."""
        wanted = (
            sa.select(attempts, workers.c.name.label("worker_name"))
            .outerjoin(workers, workers.c.worker_id == attempts.c.worker_id)
            .where(attempts.c.run_id == run_id)
            .order_by(attempts.c.claimed_at, attempts.c.shard_id, attempts.c.attempt)
        )
        return [_attempt(row) for row in self._database.read(lambda connection: connection.execute(wanted).all())]

    def cases(self, job_id: str, outcomes: Sequence[str] = ()) -> Iterator[CaseResult]:
        """A job's accepted cases in manifest order, only of these outcomes if any are named."""
        wanted = sa.select(cases).where(cases.c.job_id == job_id).order_by(cases.c.ordinal).limit(_PAGE)
        if outcomes:
            wanted = wanted.where(cases.c.outcome.in_(list(outcomes)))
        yield from map(case_view, self._by_ordinal(wanted))

    def placed_cases(self, job_id: str) -> Iterator[tuple[str, int, CaseResult]]:
        """A job's accepted cases in manifest order, as (shard id, attempt, case), without details and output."""
        wanted = sa.select(*placed_columns).where(cases.c.job_id == job_id).order_by(cases.c.ordinal).limit(_PAGE)
        yield from map(placed_case_view, self._by_ordinal(wanted))

    def metrics(self, run_id: str) -> Sequence[tuple[str, str, int, Metric]]:
        """What a run's accepted attempts measured, as (shard id, job id, attempt, metric)."""
        return self._database.read(lambda connection: run_metrics(connection, run_id))

    def _by_ordinal(self, statement: sa.Select[Any]) -> Iterator[Row[Any]]:
        after = -1
        while page := self._page(statement.where(cases.c.ordinal > after)):
            yield from page
            after = page[-1].ordinal

    def _page(self, statement: sa.Select[Any]) -> Sequence[Row[Any]]:
        return self._database.read(lambda connection: connection.execute(statement).all())

    def artifacts(self, run_id: str) -> Sequence[tuple[str, int, Artifact]]:
        """A run's artifacts as (shard id, attempt, artifact)."""
        wanted = (
            sa.select(artifacts)
            .where(artifacts.c.run_id == run_id)
            .order_by(artifacts.c.shard_id, artifacts.c.attempt, artifacts.c.position)
        )
        return [
            (
                row.shard_id,
                row.attempt,
                Artifact(name=row.name, digest=row.digest, size=row.size, media_type=row.media_type),
            )
            for row in self._page(wanted)
        ]

    def log(self, run_id: str, after: int = 0, limit: int = LOG_PIECES) -> Sequence[tuple[int, str, int, bytes]]:
        """Pieces of the run's logs in the order of arrival: ask on from the last position."""
        chunk = log_chunks.c
        wanted = (
            sa.select(chunk.position, chunk.shard_id, chunk.attempt, chunk.data)
            .where(chunk.run_id == run_id, chunk.position > after)
            .order_by(chunk.position)
            .limit(limit)
        )
        return [(row.position, row.shard_id, row.attempt, bytes(row.data)) for row in self._page(wanted)]

    def workers(self) -> Sequence[WorkerView]:
        """All workers, the online ones first."""
        return self._database.read(worker_views)

    def leader(self) -> LeaderView:
        """Who leads."""
        return self._database.read(leader_view)

    def alarms(self, job_id: str = "", limit: int = 50) -> Sequence[AlarmView]:
        """What operators are needed for, of one job or all, the oldest first; it ends with its shard."""
        return self._database.read(lambda connection: alarm_views(connection, job_id, limit))

    def backlog(self) -> Mapping[str, Mapping[str, int]]:
        """For each queue its unfinished shards by state."""
        return self._database.read(backlog)

    def audit(self, run_id: str) -> AuditFacts:
        """What the audit of a run weighs."""

        def work(connection: Connection) -> AuditFacts:
            if connection.scalar(sa.select(runs.c.run_id).where(runs.c.run_id == run_id)) is None:
                raise UnknownRecordError(f"there is no run {run_id!r}")
            return audit_facts(connection, run_id)

        return self._database.snapshot(work)

    def now(self) -> float:
        """Seconds since the epoch on the database's clock."""
        return float(self._database.read(lambda connection: connection.execute(sa.select(now())).scalar_one()))

    def ping(self) -> None:
        """Answer, or raise ``LedgerUnavailableError``."""
        self._database.read(lambda connection: connection.scalar(sa.select(sa.func.max(leader.c.term))))


def _shard(row: Row[Any]) -> ShardView:
    return ShardView(
        shard_id=row.shard_id,
        job_id=row.job_id,
        queue=row.queue,
        kind=row.kind,
        state=ShardState(row.state),
        attempt=row.attempt,
        crashes=row.crashes,
        priority=row.priority,
        rank=row.rank,
        predicted_s=row.predicted_s,
        cases=row.cases,
        not_before=row.not_before or None,
        hinted_at=row.hinted_at,
        lease_until=row.lease_until,
        worker_id=row.worker_id,
        outcome=Outcome(row.outcome) if row.outcome else None,
        reason=row.reason or row.cancel_reason or "",
    )


def _attempt(row: Row[Any]) -> AttemptView:
    return AttemptView(
        shard_id=row.shard_id,
        job_id=row.job_id,
        attempt=row.attempt,
        worker_id=row.worker_id,
        worker_name=row.worker_name or row.worker_id,
        slot=row.slot,
        outcome=Outcome(row.outcome) if row.outcome else None,
        reason=row.reason,
        started_at=row.started_at or row.claimed_at,
        duration_s=row.duration_s,
        cpu_s=row.cpu_s,
        exit_code=row.exit_code,
        signal=row.signal,
        proof=load(row.proof),
    )
