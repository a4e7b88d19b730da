"""How a job's manifest becomes its shards."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.codec import from_json
from dtf.domain.events import EventKind
from dtf.domain.ids import SHARD, new_id
from dtf.domain.manifest import Manifest
from dtf.domain.outcome import Outcome
from dtf.domain.ports.control import JobToPlan
from dtf.domain.queue import queue_name
from dtf.domain.shard import JobState, ShardKind, ShardPlan, ShardState
from dtf.domain.specs import JobSpec
from dtf.storage.database import now
from dtf.storage.ledger import manifests, ordinals, outbox
from dtf.storage.ledger.bulk import insert_many
from dtf.storage.ledger.fleet import Fleet
from dtf.storage.ledger.json_text import load
from dtf.storage.ledger.schema import is_planning, jobs, shards
from dtf.storage.ledger.settling import finish_job, lock_job
from dtf.storage.sanitiser import NAME_CAP, clean_number, clean_text


def jobs_to_plan(connection: Connection, fleet: Fleet) -> Sequence[JobToPlan]:
    """Jobs whose manifest waits to be cut, the oldest first."""
    wanted = (
        sa.select(jobs.c.job_id, jobs.c.spec, jobs.c.manifest_digest, jobs.c.deselected)
        .where(is_planning)
        .order_by(jobs.c.created_at)
        .limit(100)
    )
    found = connection.execute(wanted).all()
    if not found:
        return []
    specs = [from_json(JobSpec, load(row.spec)) for row in found]
    capacity = fleet.slots(connection, {job.queue for job in specs})
    return [
        JobToPlan(
            job_id=row.job_id,
            job=job,
            manifest=Manifest(items=manifests.load(connection, row.manifest_digest), deselected=row.deselected),
            slots=max(1, capacity.get(job.queue, 0)),
        )
        for row, job in zip(found, specs, strict=True)
    ]


def store_plan(connection: Connection, job_id: str, plan: Sequence[ShardPlan]) -> None:
    """Insert a job's shards and set it running; nothing happens when it is not waiting for a plan any more."""
    job = lock_job(connection, job_id)
    if job is None or job.state != JobState.PLANNING or job.cancel_outcome is not None:
        return
    if not plan:
        finish_job(connection, job, Outcome.EMPTY, "the plan has no shards")
        return
    at = connection.execute(sa.select(now())).scalar_one()
    spec = from_json(JobSpec, load(job.spec))
    rows = [
        {
            "shard_id": new_id(SHARD),
            "job_id": job_id,
            "run_id": job.run_id,
            "queue": clean_text(queue_name(spec.hardware, (*spec.requirements, *shard.requires)), NAME_CAP),
            "kind": ShardKind.RUN.value,
            "state": ShardState.QUEUED.value,
            "priority": job.priority,
            "rank": shard.rank,
            "predicted_s": clean_number(shard.predicted_s),
            "cases": len(shard.ordinals),
            "queued_at": at,
            "affinity": clean_text(shard.affinity, NAME_CAP),
            "ordinals": ordinals.pack(shard.ordinals),
        }
        for shard in plan
    ]
    insert_many(connection, shards, rows)
    connection.execute(
        sa.update(jobs).where(jobs.c.job_id == job_id).values(state=JobState.RUNNING.value, planned_at=at)
    )
    outbox.tell(connection, EventKind.JOB_PLANNED, job_id, job.run_id, {"shards": len(plan), "cases": job.expected})
