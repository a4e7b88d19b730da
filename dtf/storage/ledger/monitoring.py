"""Reads all that those who watch the laboratory are shown, in one snapshot."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from dtf.domain.events import Event, EventKind
from dtf.domain.outcome import Outcome
from dtf.domain.ports.monitor import (
    MOST_HANDOVERS,
    MOST_RECOVERIES,
    MOST_RUNS,
    MOST_TASKS,
    CoordinatorView,
    Moment,
    Monitor,
    TaskView,
    Totals,
)
from dtf.domain.ports.views import RunView
from dtf.domain.shard import JobState
from dtf.storage.database import Database, now
from dtf.storage.ledger.alarm_views import alarm_views
from dtf.storage.ledger.claims import claims
from dtf.storage.ledger.coordinators import coordinator_views
from dtf.storage.ledger.json_text import load
from dtf.storage.ledger.leader_view import leader_view
from dtf.storage.ledger.recoveries import latest
from dtf.storage.ledger.run_views import run_views
from dtf.storage.ledger.schema import (
    CASE_COUNTS,
    attempts,
    is_claimed,
    is_open_job,
    is_open_run,
    is_open_shard,
    jobs,
    runs,
    shards,
)
from dtf.storage.ledger.service_schema import events
from dtf.storage.ledger.worker_views import worker_views

_ALARMS = 50


class LedgerMonitor(Monitor):
    """Reads moments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def coordinators(self) -> Sequence[CoordinatorView]:
        """Who leads or could, and was heard within a day."""
        return self._database.read(coordinator_views)

    def moment(self) -> Moment:
        """The present one."""
        return self._database.snapshot(_moment)


def _moment(connection: Connection) -> Moment:
    return Moment(
        as_of=float(connection.execute(sa.select(now())).scalar_one()),
        sequence=int(connection.scalar(sa.select(sa.func.max(events.c.sequence))) or 0),
        totals=_totals(connection),
        runs=_runs(connection),
        tasks=_tasks(connection),
        workers=worker_views(connection),
        backlog=backlog(connection),
        leader=leader_view(connection),
        coordinators=coordinator_views(connection),
        handovers=_handovers(connection),
        alarms=alarm_views(connection, "", _ALARMS),
        recoveries=latest(connection, MOST_RECOVERIES),
        claims=claims(connection),
    )


def backlog(connection: Connection) -> dict[str, dict[str, int]]:
    """For each queue its unfinished shards by state."""
    wanted = (
        sa.select(shards.c.queue, shards.c.state, sa.func.count().label("n"))
        .where(is_open_shard)
        .group_by(shards.c.queue, shards.c.state)
    )
    return _grouped(connection.execute(wanted).all())


def _totals(connection: Connection) -> Totals:
    counted = [sa.func.coalesce(sa.func.sum(jobs.c[name]), 0).label(name) for name in CASE_COUNTS.values()]
    has_begun = jobs.c.started_at.is_not(None).label("begun")
    groups = connection.execute(
        sa.select(jobs.c.state, has_begun, jobs.c.outcome, sa.func.count().label("n"), *counted).group_by(
            jobs.c.state, has_begun, jobs.c.outcome
        )
    ).all()
    ended = (
        sa.select(attempts.c.worker_id, attempts.c.outcome, sa.func.count().label("n"))
        .where(attempts.c.outcome.is_not(None))
        .group_by(attempts.c.worker_id, attempts.c.outcome)
    )
    open_groups = [row for row in groups if row.state != JobState.FINISHED]
    return Totals(
        runs=_count(connection, runs),
        runs_open=_count(connection, runs, is_open_run),
        jobs_waiting=sum(row.n for row in open_groups if not row.begun),
        jobs_running=sum(row.n for row in open_groups if row.begun),
        jobs={row.outcome: row.n for row in groups if row.state == JobState.FINISHED},
        # Postgres sums integers to decimals
        cases={outcome.value: int(sum(getattr(row, name) for row in groups)) for outcome, name in CASE_COUNTS.items()},
        attempts=_grouped(connection.execute(ended).all()),
    )


def _count(connection: Connection, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> int:
    return int(connection.scalar(sa.select(sa.func.count()).select_from(table).where(*conditions)) or 0)


def _grouped(rows: Sequence[Row[Any]]) -> dict[str, dict[str, int]]:
    """Counts by the first column, then by the second."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for first, second, count in rows:
        found[first][second] = count
    return dict(found)


def _runs(connection: Connection) -> list[RunView]:
    """Those that are not over, then the newest of the others."""
    newest = sa.select(runs).order_by(runs.c.created_at.desc()).limit(MOST_RUNS)
    found = [*connection.execute(newest.where(is_open_run)).all()]
    if len(found) < MOST_RUNS:
        others = newest.where(sa.not_(is_open_run)).limit(MOST_RUNS - len(found))
        found += connection.execute(others).all()
    return run_views(connection, found)


def _tasks(connection: Connection) -> list[TaskView]:
    newest = sa.select(jobs).order_by(jobs.c.created_at.desc(), jobs.c.job_id).limit(MOST_TASKS)
    found = [*connection.execute(newest.where(is_open_job)).all()]
    if len(found) < MOST_TASKS:
        others = newest.where(sa.not_(is_open_job)).limit(MOST_TASKS - len(found))
        found += connection.execute(others).all()
    on = _workers_of(connection, [row.job_id for row in found])
    return [
        TaskView(
            job_id=row.job_id,
            run_id=row.run_id,
            name=row.name,
            kind=row.kind,
            hardware=row.hardware,
            state=JobState(row.state),
            outcome=Outcome(row.outcome) if row.outcome else None,
            priority=row.priority,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
            workers=tuple(sorted(on.get(row.job_id, ()))),
        )
        for row in found
    ]


def _workers_of(connection: Connection, job_ids: Sequence[str]) -> Mapping[str, set[str]]:
    wanted = sa.select(shards.c.job_id, shards.c.worker_id).where(is_claimed, shards.c.job_id.in_(job_ids)).distinct()
    found: dict[str, set[str]] = defaultdict(set)
    for row in connection.execute(wanted):
        found[row.job_id].add(row.worker_id)
    return found


def _handovers(connection: Connection) -> list[Event]:
    wanted = (
        sa.select(events)
        .where(events.c.kind == EventKind.COORDINATOR_CHANGED.value)
        .order_by(events.c.sequence.desc())
        .limit(MOST_HANDOVERS)
    )
    return [
        Event(
            sequence=row.sequence,
            at=row.at,
            kind=EventKind(row.kind),
            subject=row.subject,
            run_id=row.run_id,
            data=load(row.data),
        )
        for row in reversed(connection.execute(wanted).all())
    ]
