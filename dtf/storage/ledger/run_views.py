"""Runs and jobs as commands and pages show them, a whole page of them in a fixed number of statements."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from dtf.domain.codec import from_json
from dtf.domain.outcome import Outcome
from dtf.domain.ports.views import JobView, RunView
from dtf.domain.shard import JobState
from dtf.domain.specs import JobSpec
from dtf.storage.ledger.json_text import load
from dtf.storage.ledger.schema import CASE_COUNTS, attempts, is_claimed, jobs, shards

_Groups = dict[str, dict[str, int]]


def run_views(connection: Connection, found: Sequence[Row[Any]]) -> list[RunView]:
    """The views of these rows of ``runs``, in their order."""
    ids = [row.run_id for row in found]
    by_state = _states(connection, shards.c.run_id, ids)
    totals = _job_totals(connection, ids)
    begun = _counts(connection, attempts.c.run_id, ids)
    under_way = _under_way(connection, ids)
    return [
        RunView(
            run_id=row.run_id,
            name=row.name,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
            outcome=Outcome(row.outcome) if row.outcome else None,
            reason=row.reason or row.cancel_reason,
            labels=load(row.labels),
            jobs=row.jobs,
            jobs_finished=totals[row.run_id].get("finished", 0),
            attempts=begun.get(row.run_id, 0),
            cases={outcome.value: totals[row.run_id].get(name, 0) for outcome, name in CASE_COUNTS.items()},
            expected=totals[row.run_id].get("expected", 0),
            running=under_way[row.run_id].get("done", 0),
            running_failed=under_way[row.run_id].get("failed", 0),
            shards=by_state[row.run_id],
            ended_by=Outcome(row.ended_by) if row.ended_by else None,
        )
        for row in found
    ]


def job_views(connection: Connection, found: Sequence[Row[Any]]) -> list[JobView]:
    """The views of these rows of ``jobs``, in their order."""
    by_state = _states(connection, shards.c.job_id, [row.job_id for row in found])
    return [
        JobView(
            job_id=row.job_id,
            run_id=row.run_id,
            spec=from_json(JobSpec, load(row.spec)),
            state=JobState(row.state),
            outcome=Outcome(row.outcome) if row.outcome else None,
            reason=row.reason or row.cancel_reason,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
            shards=by_state[row.job_id],
            cases={outcome.value: getattr(row, name) for outcome, name in CASE_COUNTS.items()},
            expected=row.expected,
        )
        for row in found
    ]


_AT_ONCE = 5_000


def _grouped(
    connection: Connection, key: sa.ColumnElement[str], ids: Sequence[str], statement: sa.Select[*tuple[Any, ...]]
) -> list[Row[Any]]:
    found: list[Row[Any]] = []
    for start in range(0, len(ids), _AT_ONCE):
        found += connection.execute(statement.where(key.in_(ids[start : start + _AT_ONCE]))).all()
    return found


def _states(connection: Connection, key: sa.ColumnElement[str], ids: Sequence[str]) -> _Groups:
    groups: _Groups = defaultdict(dict)
    statement = sa.select(key.label("id"), shards.c.state, sa.func.count().label("n")).group_by(key, shards.c.state)
    for row in _grouped(connection, key, ids, statement):
        groups[row.id][row.state] = row.n
    return groups


def _counts(connection: Connection, key: sa.ColumnElement[str], ids: Sequence[str]) -> dict[str, int]:
    statement = sa.select(key.label("id"), sa.func.count().label("n")).group_by(key)
    return {row.id: row.n for row in _grouped(connection, key, ids, statement)}


def _job_totals(connection: Connection, ids: Sequence[str]) -> _Groups:
    finished = sa.func.sum(sa.case((jobs.c.state == JobState.FINISHED.value, 1), else_=0)).label("finished")
    counted = (*CASE_COUNTS.values(), "expected")
    sums = [sa.func.sum(jobs.c[name]).label(name) for name in counted]
    statement = sa.select(jobs.c.run_id, finished, *sums).group_by(jobs.c.run_id)
    groups: _Groups = defaultdict(dict)
    for row in _grouped(connection, jobs.c.run_id, ids, statement):
        # Postgres sums integers to decimals
        groups[row.run_id] = {name: int(getattr(row, name)) for name in ("finished", *counted)}
    return groups


def _under_way(connection: Connection, ids: Sequence[str]) -> _Groups:
    sums = [sa.func.sum(shards.c[name]).label(name) for name in ("done", "failed")]
    statement = sa.select(shards.c.run_id, *sums).where(is_claimed).group_by(shards.c.run_id)
    groups: _Groups = defaultdict(dict)
    for row in _grouped(connection, shards.c.run_id, ids, statement):
        groups[row.run_id] = {"done": int(row.done), "failed": int(row.failed)}
    return groups
