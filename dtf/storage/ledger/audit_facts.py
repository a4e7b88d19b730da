"""What the audit of a run weighs, counted from the rows themselves and not from counters."""

from collections import Counter, defaultdict

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.manifest import Manifest
from dtf.domain.outcome import Outcome
from dtf.domain.ports.views import AuditFacts
from dtf.domain.shard import JobState, ShardKind, ShardState
from dtf.domain.work import JobKind
from dtf.storage.ledger import manifests, ordinals
from dtf.storage.ledger.schema import attempts, cases, jobs, shards, stale_results


def audit_facts(connection: Connection, run_id: str) -> AuditFacts:
    """Count a run, in one snapshot."""
    planned, excused = _planned(connection, run_id)
    submitted, finished = _jobs(connection, run_id)
    return AuditFacts(
        jobs_submitted=submitted,
        jobs_finished=finished,
        shards=_shard_states(connection, run_id),
        attempts=_count(connection, attempts, run_id),
        stale_results=_count(connection, stale_results, run_id),
        manifests=_manifests(connection, run_id),
        accepted=_accepted(connection, run_id),
        planned=planned,
        excused=excused,
        commands=_commands(connection, run_id),
    )


def _count(connection: Connection, table: sa.Table, run_id: str) -> int:
    return connection.execute(
        sa.select(sa.func.count()).select_from(table).where(table.c.run_id == run_id)
    ).scalar_one()


def _jobs(connection: Connection, run_id: str) -> tuple[int, int]:
    done = sa.func.count(sa.case(((jobs.c.state == JobState.FINISHED.value) & jobs.c.outcome.is_not(None), 1)))
    row = connection.execute(sa.select(sa.func.count(), done).where(jobs.c.run_id == run_id)).one()
    return row[0], row[1]


def _shard_states(connection: Connection, run_id: str) -> dict[str, int]:
    statement = sa.select(shards.c.state, sa.func.count()).where(shards.c.run_id == run_id).group_by(shards.c.state)
    return {row[0]: row[1] for row in connection.execute(statement)}


def _manifests(connection: Connection, run_id: str) -> dict[str, Manifest]:
    planned = sa.select(jobs.c.job_id, jobs.c.manifest_digest, jobs.c.deselected).where(
        jobs.c.run_id == run_id, jobs.c.planned_at.is_not(None)
    )
    return {
        row.job_id: Manifest(items=manifests.load(connection, row.manifest_digest), deselected=row.deselected)
        for row in connection.execute(planned).all()
    }


def _accepted(connection: Connection, run_id: str) -> dict[str, dict[int, int]]:
    statement = (
        sa.select(cases.c.job_id, cases.c.ordinal, sa.func.count())
        .join(jobs, jobs.c.job_id == cases.c.job_id)
        .where(jobs.c.run_id == run_id)
        .group_by(cases.c.job_id, cases.c.ordinal)
    )
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for job_id, ordinal, count in connection.execute(statement):
        found[job_id][ordinal] = count
    return dict(found)


def _planned(connection: Connection, run_id: str) -> tuple[dict[str, dict[int, int]], dict[str, frozenset[int]]]:
    statement = sa.select(shards.c.job_id, shards.c.ordinals, shards.c.state, shards.c.outcome).where(
        shards.c.run_id == run_id, shards.c.kind == ShardKind.RUN.value, shards.c.cases > 0
    )
    planned: dict[str, Counter[int]] = defaultdict(Counter)
    excused: dict[str, set[int]] = defaultdict(set)
    for row in connection.execute(statement):
        places = ordinals.unpack(row.ordinals)
        planned[row.job_id].update(places)
        if row.state == ShardState.FINISHED and row.outcome == Outcome.CANCELLED:
            excused[row.job_id].update(places)
    return {job: dict(counts) for job, counts in planned.items()}, {
        job: frozenset(places) for job, places in excused.items()
    }


def _commands(connection: Connection, run_id: str) -> dict[str, int]:
    done = (shards.c.state == ShardState.FINISHED.value) & shards.c.outcome.is_not(None)
    statement = (
        sa.select(jobs.c.job_id, sa.func.count(sa.case((done, 1))))
        .join(shards, shards.c.job_id == jobs.c.job_id)
        .where(jobs.c.run_id == run_id, jobs.c.kind != JobKind.PYTEST.value)
        .group_by(jobs.c.job_id)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}
