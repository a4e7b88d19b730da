"""How an attempt ends: its result is written, and shard, job and run move on, in one transaction."""

import hashlib
import logging
import math
import zlib
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from dtf.domain.codec import to_json
from dtf.domain.events import EventKind
from dtf.domain.outcome import CaseOutcome, Outcome, gravest, outcome_of_cases
from dtf.domain.shard import AttemptResult, Disposition, JobState, Requeue, ShardKind, ShardState
from dtf.storage.database import now
from dtf.storage.ledger import injections, manifests, outbox
from dtf.storage.ledger.accepting import Accepted, accept_cases, fill_cases
from dtf.storage.ledger.bulk import insert_many
from dtf.storage.ledger.cancelling import stop_job
from dtf.storage.ledger.deciding import better_known
from dtf.storage.ledger.json_text import dump
from dtf.storage.ledger.recoveries import note_outcome
from dtf.storage.ledger.requeueing import is_counted, is_failure, requeue
from dtf.storage.ledger.schema import FAILURE_COUNTS, artifacts, attempts, jobs, metrics, shards, stale_results
from dtf.storage.ledger.settling import lock_job, settle_job
from dtf.storage.ledger.upsert import insert_ignoring

_log = logging.getLogger(__name__)

#: What stands for a result's digest where the attempt ended without one.
EXPIRED, RELEASED = "expired", "released"

#: What the cases that were left become when their shard is finished with this outcome and was not cancelled.
_FILLED = {Outcome.INFRA: CaseOutcome.INFRA, Outcome.ERROR: CaseOutcome.ERROR}


def digest_of(result: AttemptResult) -> str:
    """What tells this result from another one of the same attempt."""
    return hashlib.sha256(dump(to_json(result)).encode()).hexdigest()


def record(connection: Connection, result: AttemptResult, disposition: Disposition, digest: str) -> bool:
    """Write a result that came from a worker; True when its attempt was the current one."""
    locked = lock_shard(connection, result.shard_id)
    if locked is None:
        _log.warning("result of an unknown shard dropped: shard=%s attempt=%d", result.shard_id, result.attempt)
        return False
    job, shard = locked
    if is_current(shard, result.attempt):
        settle_attempt(connection, job, shard, result, disposition, digest)
        return True
    if _was_recorded(connection, result, digest):
        return True
    _keep_stale(connection, shard, result, digest)
    return False


def lock_shard(connection: Connection, shard_id: str) -> tuple[Row[Any], Row[Any]] | None:
    """Lock a shard's job and the shard, in this order; None when there is no such shard."""
    job_id = connection.scalar(sa.select(shards.c.job_id).where(shards.c.shard_id == shard_id))
    job = None if job_id is None else lock_job(connection, job_id)
    if job is None:
        return None
    wanted = sa.select(shards).where(shards.c.shard_id == shard_id).with_for_update(key_share=True)
    return job, connection.execute(wanted).one()


def is_current(shard: Row[Any], attempt: int) -> bool:
    """Whether the attempt still holds the shard."""
    return bool(shard.state == ShardState.CLAIMED and shard.attempt == attempt)


def settle_attempt(
    connection: Connection,
    job: Row[Any],
    shard: Row[Any],
    result: AttemptResult,
    disposition: Disposition,
    digest: str,
) -> None:
    """End the current attempt of a locked shard; requeue or finish it."""
    note_outcome(connection, shard, result)
    injections.tell(connection, shard, result)
    _insert_metrics(connection, result)
    _insert_artifacts(connection, shard, result)
    accepted = accept_cases(connection, job, shard, result)
    if _stop_after_failures(connection, job):  # which has called off this shard too
        shard = connection.execute(sa.select(shards).where(shards.c.shard_id == shard.shard_id)).one()
    result, disposition = better_known(job, shard, result, disposition)
    _note_attempt(connection, result, disposition, digest)
    # a cancelled shard does not go out again, and neither does one of which nothing is left
    again = shard.cancel_reason is None and (bool(accepted.left) or shard.cases == 0)
    if isinstance(disposition, Requeue) and again:
        requeue(connection, shard, result, disposition)
    else:
        _finish(connection, job, shard, result, accepted)
        _stop_after_failures(connection, job)  # with what was filled in
    settle_job(connection, job.job_id)


def _was_recorded(connection: Connection, result: AttemptResult, digest: str) -> bool:
    recorded = connection.scalar(
        sa.select(attempts.c.result_digest).where(
            attempts.c.shard_id == result.shard_id, attempts.c.attempt == result.attempt
        )
    )
    return recorded == digest


def _keep_stale(connection: Connection, shard: Row[Any], result: AttemptResult, digest: str) -> None:
    values = {
        "shard_id": result.shard_id,
        "attempt": result.attempt,
        "run_id": shard.run_id,
        "worker_id": result.worker_id,
        "received_at": now(),
        "outcome": result.outcome.value,
        "result_digest": digest,
        "result": zlib.compress(dump(to_json(result)).encode("ascii")),
    }
    if insert_ignoring(connection, stale_results, ["shard_id", "attempt", "result_digest"], values):
        data = {"attempt": result.attempt, "worker": result.worker_id, "outcome": result.outcome.value}
        outbox.tell(connection, EventKind.RESULT_STALE, result.shard_id, shard.run_id, data)


def _note_attempt(connection: Connection, result: AttemptResult, disposition: Disposition, digest: str) -> None:
    again = disposition if isinstance(disposition, Requeue) and is_failure(result) else None
    connection.execute(
        sa.update(attempts)
        .where(attempts.c.shard_id == result.shard_id, attempts.c.attempt == result.attempt)
        .values(
            recorded_at=now(),
            outcome=result.outcome.value,
            result_digest=digest,
            started_at=result.started_at,
            duration_s=result.duration_s,
            cpu_s=result.cpu_s,
            max_rss_bytes=result.max_rss_bytes,
            exit_code=result.exit_code,
            signal=result.signal,
            crashed=result.crashed,
            counted=is_counted(result, disposition),
            level=again.level if again else 0,
            action=again.action.value if again else "",
            failure=disposition.failure.value if disposition.failure else "",
            cases=len(result.cases),
            reason=result.reason,
            proof=dump(dict(result.proof)),
        )
    )


def _insert_metrics(connection: Connection, result: AttemptResult) -> None:
    rows = []
    for position, metric in enumerate(result.metrics):
        finite = math.isfinite(metric.value)
        row = {"shard_id": result.shard_id, "attempt": result.attempt, "position": position}
        values = {"value": metric.value if finite else None, "note": "" if finite else str(metric.value)}
        rows.append({**row, **values, "name": metric.name, "unit": metric.unit})
    insert_many(connection, metrics, rows)


def _insert_artifacts(connection: Connection, shard: Row[Any], result: AttemptResult) -> None:
    rows = [
        {
            "shard_id": result.shard_id,
            "attempt": result.attempt,
            "position": position,
            "run_id": shard.run_id,
            "digest": artifact.digest,
            "size": artifact.size,
            "name": artifact.name,
            "media_type": artifact.media_type,
        }
        for position, artifact in enumerate(result.artifacts)
    ]
    insert_many(connection, artifacts, rows)


def _finish(connection: Connection, job: Row[Any], shard: Row[Any], result: AttemptResult, accepted: Accepted) -> None:
    outcome, reason = _verdict(shard, result, accepted)
    if outcome in _FILLED and accepted.left:
        fill_cases(connection, job, shard, result, accepted, _FILLED[outcome])
    connection.execute(
        sa.update(shards)
        .where(shards.c.shard_id == shard.shard_id)
        .values(
            state=ShardState.FINISHED.value,
            outcome=outcome.value,
            reason=reason,
            crashes=shard.crashes + int(is_failure(result)),
            finished_at=now(),
            lease_until=None,
            done=0,
            failed=0,
        )
    )
    if shard.kind == ShardKind.COLLECT and outcome is Outcome.PASSED:
        _take_manifest(connection, job, result)


def _verdict(shard: Row[Any], result: AttemptResult, accepted: Accepted) -> tuple[Outcome, str]:
    """The shard's outcome: of its last attempt, and of the cases that earlier ones left."""
    outcome, reason = result.outcome, result.reason
    if shard.cancel_reason is not None and outcome is Outcome.INFRA:
        outcome, reason = Outcome.CANCELLED, shard.cancel_reason
    if not shard.cases:
        return outcome, reason
    of_cases = outcome_of_cases(map(CaseOutcome, accepted.outcomes))
    if outcome in (Outcome.INFRA, Outcome.CANCELLED) and not accepted.left:
        # it was ended after its last case had been reported: nothing is missing
        return of_cases, ""
    return gravest((outcome, of_cases)), reason


def _take_manifest(connection: Connection, job: Row[Any], result: AttemptResult) -> None:
    """A collection brought the manifest: the job waits for its plan; with nothing in it, it ends as EMPTY."""
    manifest = result.manifest
    if manifest is None or not manifest.items:
        _set_collect_outcome(connection, result, Outcome.EMPTY if manifest is not None else Outcome.ERROR)
        return
    if job.cancel_outcome is not None:
        return
    connection.execute(
        sa.update(jobs)
        .where(jobs.c.job_id == job.job_id, jobs.c.state == JobState.COLLECTING.value)
        .values(
            state=JobState.PLANNING.value,
            manifest_digest=manifests.store(connection, manifest),
            expected=len(manifest.items),
            deselected=manifest.deselected,
            # what was asked for at the submission wins
            max_failures=job.max_failures or max(0, manifest.max_failures),
        )
    )


def _set_collect_outcome(connection: Connection, result: AttemptResult, outcome: Outcome) -> None:
    reason = "no tests were collected" if outcome is Outcome.EMPTY else "the collection brought no manifest"
    connection.execute(
        sa.update(shards)
        .where(shards.c.shard_id == result.shard_id)
        .values(outcome=outcome.value, reason=result.reason or reason)
    )


def _stop_after_failures(connection: Connection, job: Row[Any]) -> bool:
    """Call off the rest of a job that has as many failures as it may have; True when that was done now."""
    if not job.max_failures or job.cancel_outcome is not None:
        return False
    columns = [jobs.c[column] for column in FAILURE_COUNTS]
    failures = sum(connection.execute(sa.select(*columns).where(jobs.c.job_id == job.job_id)).one())
    if failures < job.max_failures:
        return False
    reason = f"stopping after {failures} failure{'s' if failures != 1 else ''}"
    stop_job(connection, job.job_id, Outcome.FAILED, reason)
    return True
