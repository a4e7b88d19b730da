"""How runs come in and are called off, over the ledger's tables."""

import hashlib
import math
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.codec import to_json
from dtf.domain.errors import BadInputError, IdempotencyConflictError
from dtf.domain.events import EventKind
from dtf.domain.ids import JOB, RUN, SHARD, new_id
from dtf.domain.outcome import Outcome
from dtf.domain.ports.submissions import Submissions, Submitted
from dtf.domain.shard import JobState, ShardKind, ShardState
from dtf.domain.specs import JobKind, JobSpec, PytestWork, RunSpec
from dtf.storage.database import Database, RefusedError, now, take_time
from dtf.storage.ledger import outbox
from dtf.storage.ledger.bulk import insert_many
from dtf.storage.ledger.cancelling import cancel_job, cancel_run
from dtf.storage.ledger.json_text import dump
from dtf.storage.ledger.schema import jobs, runs, shards
from dtf.storage.ledger.upsert import insert_ignoring
from dtf.storage.sanitiser import NAME_CAP, clean_mapping, clean_text

#: How long an attached run waits for the first sign of its command, in seconds.
FIRST_TOUCH_S = 15.0


class LedgerSubmissions(Submissions):
    """Writes runs and their jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def submit(self, spec: RunSpec) -> Submitted:
        """Write the run and its jobs in one transaction; once it returns they are durable."""
        if not spec.jobs:
            raise BadInputError("a run needs at least one job")
        if spec.timeout_s is not None and not math.isfinite(spec.timeout_s):
            raise BadInputError("a run's time limit is a number of seconds")
        run_id = new_id(RUN)
        dumped = [dump(to_json(job)) for job in spec.jobs]
        rest = dump(to_json(replace(spec, jobs=())))
        digest = hashlib.sha256("\n".join((rest, *dumped)).encode()).hexdigest()

        def work(connection: Connection) -> Submitted:
            take_time(connection)  # the rows of 100,000 jobs take seconds to build
            if not insert_ignoring(connection, runs, ["idempotency_key"], _run_row(run_id, spec, digest)):
                return _earlier(connection, spec, digest)
            return Submitted(run_id=run_id, job_ids=_insert_jobs(connection, run_id, spec, dumped), created=True)

        try:
            return self._database.write(work)
        except RefusedError as error:
            raise BadInputError(f"the run cannot be stored: {error}") from error

    def touch_run(self, run_id: str, attached_s: float) -> None:
        """Say that the attached command lives: the run is not cancelled for the next ``attached_s`` seconds."""
        touch = sa.update(runs).where(runs.c.run_id == run_id, runs.c.attached_until.is_not(None))
        self._database.write(lambda connection: connection.execute(touch.values(attached_until=now() + attached_s)))

    def cancel_run(self, run_id: str, reason: str) -> int:
        """Finish queued shards as cancelled, mark claimed ones to be cancelled; return how many there were."""
        reason = clean_text(reason)
        return self._database.write(lambda connection: cancel_run(connection, run_id, reason, Outcome.CANCELLED))

    def cancel_job(self, job_id: str, reason: str) -> int:
        """The same for one job."""
        reason = clean_text(reason)
        return self._database.write(lambda connection: cancel_job(connection, job_id, reason))


def _run_row(run_id: str, spec: RunSpec, digest: str) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "created_at": now(),
        "deadline": None if spec.timeout_s is None else now() + spec.timeout_s,
        "attached_until": now() + FIRST_TOUCH_S if spec.attached else None,
        "timeout_s": spec.timeout_s,
        "jobs": len(spec.jobs),
        "idempotency_key": clean_text(spec.idempotency_key, NAME_CAP) or None,
        "spec_digest": digest,
        "name": clean_text(spec.name, NAME_CAP),
        "labels": dump(clean_mapping(spec.labels)),
    }


def _earlier(connection: Connection, spec: RunSpec, digest: str) -> Submitted:
    key = clean_text(spec.idempotency_key, NAME_CAP)
    run = connection.execute(sa.select(runs.c.run_id, runs.c.spec_digest).where(runs.c.idempotency_key == key)).one()
    if run.spec_digest != digest:
        raise IdempotencyConflictError(f"the idempotency key {key!r} was used for run {run.run_id} with other content")
    ids = connection.scalars(sa.select(jobs.c.job_id).where(jobs.c.run_id == run.run_id).order_by(jobs.c.position))
    return Submitted(run_id=run.run_id, job_ids=tuple(ids), created=False)


def _insert_jobs(connection: Connection, run_id: str, spec: RunSpec, dumped: list[str]) -> tuple[str, ...]:
    at = connection.execute(sa.select(now())).scalar_one()
    ids = tuple(new_id(JOB) for _ in spec.jobs)
    pairs = list(zip(ids, spec.jobs, strict=True))
    rows = [
        {**_job_row(run_id, job_id, job, at), "position": position, "spec": text}
        for position, ((job_id, job), text) in enumerate(zip(pairs, dumped, strict=True))
    ]
    insert_many(connection, jobs, rows)
    insert_many(connection, shards, [_shard_row(run_id, job_id, job, at) for job_id, job in pairs])
    data = {"name": clean_text(spec.name, NAME_CAP), "jobs": len(ids)}
    outbox.tell(connection, EventKind.RUN_SUBMITTED, run_id, run_id, data)
    return ids


def _job_row(run_id: str, job_id: str, job: JobSpec, at: float) -> dict[str, Any]:
    state = JobState.COLLECTING if job.kind is JobKind.PYTEST else JobState.RUNNING
    return {
        "job_id": job_id,
        "run_id": run_id,
        "state": state.value,
        "kind": job.kind.value,
        "hardware": clean_text(job.hardware, NAME_CAP),
        "priority": job.priority,
        "created_at": at,
        "max_failures": job.work.max_failures if isinstance(job.work, PytestWork) else 0,
        "max_retries": job.max_retries,
        "fallback": dump(job.fallback) if job.fallback else "",
        "name": clean_text(job.name, NAME_CAP),
    }


def _shard_row(run_id: str, job_id: str, job: JobSpec, at: float) -> dict[str, Any]:
    kind = ShardKind.COLLECT if job.kind is JobKind.PYTEST else ShardKind.RUN
    return {
        "shard_id": new_id(SHARD),
        "job_id": job_id,
        "run_id": run_id,
        "queue": clean_text(job.queue, NAME_CAP),
        "affinity": clean_text(job.affinity, NAME_CAP),
        "kind": kind.value,
        "state": ShardState.QUEUED.value,
        "priority": job.priority,
        "rank": 0,
        "queued_at": at,
    }
