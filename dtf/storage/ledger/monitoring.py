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
    is_claimed,
    is_open_job,
    is_open_run,
    is_open_shard,
    jobs,
    runs,
    shards,
)
from dtf.storage.ledger.service_schema import events, is_handover
from dtf.storage.ledger.totals import RunningTotals
from dtf.storage.ledger.worker_views import worker_views

_ALARMS = 50
#: What is shown of a job; its specification is the most of a row.
_TASK_COLUMNS = [
    jobs.c[name]
    for name in (
        "job_id", "run_id", "name", "kind", "hardware", "state", "outcome", "priority",
        "created_at", "started_at", "finished_at",
    )
]  # fmt: skip


class LedgerMonitor(Monitor):
    """Reads moments."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._totals = RunningTotals()
        self._over: dict[str, RunView] = {}

    def coordinators(self) -> Sequence[CoordinatorView]:
        """Who leads or could, and was heard within a day."""
        return self._database.read(coordinator_views)

    def moment(self) -> Moment:
        """The present one."""
        return self._database.snapshot(self._moment)

    def _moment(self, connection: Connection) -> Moment:
        as_of = float(connection.execute(sa.select(now())).scalar_one())
        return _moment(connection, as_of, self._totals.look(connection, as_of), self._runs(connection))

    def _runs(self, connection: Connection) -> list[RunView]:
        """Those that are not over, then the newest of the others, which do not change any more."""
        found, known = _newest_runs(connection), self._over
        views = {one.run_id: one for one in run_views(connection, [row for row in found if row.run_id not in known])}
        told = [views.get(row.run_id) or known[row.run_id] for row in found]
        self._over = {one.run_id: one for one in told if one.outcome is not None}
        return told


def _moment(connection: Connection, as_of: float, totals: Totals, found: Sequence[RunView]) -> Moment:
    return Moment(
        as_of=as_of,
        sequence=int(connection.scalar(sa.select(sa.func.max(events.c.sequence))) or 0),
        totals=totals,
        runs=found,
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
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in connection.execute(wanted):
        found[row.queue][row.state] = row.n
    return dict(found)


def _newest_runs(connection: Connection) -> list[Row[Any]]:
    newest = sa.select(runs).order_by(runs.c.created_at.desc()).limit(MOST_RUNS)
    found = [*connection.execute(newest.where(is_open_run)).all()]
    if len(found) < MOST_RUNS:
        others = newest.where(sa.not_(is_open_run)).limit(MOST_RUNS - len(found))
        found += connection.execute(others).all()
    return found


def _tasks(connection: Connection) -> list[TaskView]:
    # both from the last to the first, as in the index: a run may have 100,000 jobs of one moment
    newest = sa.select(*_TASK_COLUMNS).order_by(jobs.c.created_at.desc(), jobs.c.job_id.desc()).limit(MOST_TASKS)
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
    wanted = sa.select(events).where(is_handover).order_by(events.c.sequence.desc()).limit(MOST_HANDOVERS)
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
