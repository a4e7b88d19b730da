"""How an attempt begins, lives and ends, over the ledger's tables."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.breaker import Target
from dtf.domain.codec import from_json
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.ports.shards import Held, Renewal, Shards
from dtf.domain.shard import AttemptResult, ClaimedShard, Disposition, Finish, Requeue
from dtf.domain.specs import JobSpec
from dtf.storage.database import Database, RefusedError, now
from dtf.storage.ledger import avoiding, claiming, recording, requeueing
from dtf.storage.ledger.json_text import load
from dtf.storage.ledger.log_writing import append_log
from dtf.storage.ledger.schema import is_claimed, is_open_job, is_open_shard, is_queued, jobs, shards
from dtf.storage.sanitiser import clean_result, clean_text

_log = logging.getLogger(__name__)


class LedgerShards(Shards):
    """The worker's side of the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self, shard_id: str, *, worker_id: str, slot: int, lease_s: float, refusing: Collection[Target] = ()
    ) -> ClaimedShard | None:
        """Claim a queued shard, or None when it is not to be had (claimed, finished, cancelled, not yet due).

        One that this worker failed is left to another that serves its queue; who has only targets that are refused
        serves none.
        """
        return self._database.write(
            lambda connection: claiming.claim(connection, shard_id, worker_id, slot, lease_s, refusing)
        )

    def claim_follow_on(
        self, shard: ClaimedShard, *, worker_id: str, slot: int, lease_s: float, queues: Sequence[str] = ()
    ) -> ClaimedShard | None:
        """Claim the next queued shard of the same affinity that the same slot can take."""
        return self._database.write(
            lambda connection: claiming.claim_follow_on(connection, shard, worker_id, slot, lease_s, queues)
        )

    def renew(self, worker_id: str, held: Sequence[Held], lease_s: float) -> Mapping[str, Renewal]:
        """Renew all claims of a worker in one statement; a shard missing from the answer is lost."""
        if not held:
            return {}
        attempt, done, failed = ({h.shard_id: getattr(h, name) for h in held} for name in ("attempt", "done", "failed"))
        statement = (
            sa.update(shards)
            .where(shards.c.shard_id.in_(list(attempt)), is_claimed, shards.c.worker_id == worker_id)
            .where(shards.c.attempt == sa.case(attempt, value=shards.c.shard_id))
            .values(
                lease_until=now() + lease_s,
                done=sa.case(done, value=shards.c.shard_id),
                failed=sa.case(failed, value=shards.c.shard_id),
            )
            .returning(shards.c.shard_id, shards.c.cancel_reason)
        )
        found = self._database.write(lambda connection: connection.execute(statement).all())
        return {row.shard_id: Renewal(cancel_reason=row.cancel_reason) for row in found}

    def record(self, result: AttemptResult, disposition: Disposition) -> bool:
        """Write an attempt's result in one transaction and settle job and run; repeatable without harm."""
        result = clean_result(result)
        digest = recording.digest_of(result)
        try:
            return self._database.write(lambda connection: recording.record(connection, result, disposition, digest))
        except RefusedError as error:
            # tried again as it is, it would be refused for ever
            _log.error("result refused, recorded as an error: shard=%s (%s)", result.shard_id, error)
            bare = _stripped(result, clean_text(str(error)))
            return self._database.write(lambda connection: recording.record(connection, bare, Finish(), digest))

    def held_by(self, worker_id: str) -> Sequence[tuple[int, str, JobSpec]]:
        """What this worker holds, as (slot, queue, job)."""
        wanted = (
            sa.select(shards.c.slot, shards.c.queue, jobs.c.spec)
            .join(jobs, jobs.c.job_id == shards.c.job_id)
            .where(shards.c.worker_id == worker_id, is_claimed)
        )
        found = self._database.read(lambda connection: connection.execute(wanted).all())
        return [(row.slot, row.queue, from_json(JobSpec, load(row.spec))) for row in found]

    def release_worker(self, worker_id: str, reason: str) -> int:
        """Requeue at once everything that this worker holds, without counting a crash; return how many.

        What was lost in that way too often is finished.
        """
        held = self._database.read(
            lambda connection: connection.execute(
                sa.select(shards.c.shard_id, shards.c.attempt, shards.c.slot).where(
                    shards.c.worker_id == worker_id, is_claimed
                )
            ).all()
        )
        results = [
            AttemptResult(
                shard_id=row.shard_id,
                attempt=row.attempt,
                worker_id=worker_id,
                slot=row.slot,
                outcome=Outcome.INFRA,
                reason=clean_text(reason),
                crashed=False,
                lost=True,
            )
            for row in held
        ]
        return sum(self._database.write(partial(_release, result)) for result in results)

    def job(self, job_id: str) -> JobSpec | None:
        """The specification of a job that is not finished; None otherwise."""
        wanted = sa.select(jobs.c.spec).where(jobs.c.job_id == job_id, is_open_job)
        spec = self._database.read(lambda connection: connection.scalar(wanted))
        return None if spec is None else from_json(JobSpec, load(spec))

    def job_has_queued(self, job_id: str) -> bool:
        """Whether a shard of the job waits to be claimed, due or not."""
        wanted = sa.select(sa.literal(1)).where(shards.c.job_id == job_id, is_open_shard, is_queued).limit(1)
        return self._database.read(lambda connection: connection.scalar(wanted)) is not None

    def bound_to(
        self, worker_id: str, queues: Collection[str], refusing: Collection[Target], count: int
    ) -> Sequence[tuple[str, str, JobSpec]]:
        """The most urgent shards of each queue that no other worker can run, as (shard, queue, job)."""
        return self._database.read(lambda connection: claiming.bound_to(connection, worker_id, queues, refusing, count))

    def left_to_others(self, shard_id: str, worker_id: str, refusing: Collection[Target] = ()) -> str:
        """Why a worker is to leave a queued shard to others, which it failed; empty: there is no such reason."""
        return self._database.read(
            lambda connection: avoiding.left_to_others(connection, shard_id, worker_id, refusing)
        )

    def refund(self, shard_ids: Sequence[str]) -> int:
        """Give each of these shards back the retry that its latest failure cost; return how many got one."""
        return self._database.write(lambda connection: requeueing.refund(connection, shard_ids))

    def append_log(self, shard_id: str, attempt: int, sequence: int, data: bytes) -> None:
        """Add a piece to an attempt's log; a repeated sequence number changes nothing."""
        self._database.write(lambda connection: append_log(connection, shard_id, attempt, sequence, data))


def _release(result: AttemptResult, connection: Connection) -> int:
    locked = recording.lock_shard(connection, result.shard_id)
    if locked is None or not recording.is_current(locked[1], result.attempt):
        return 0
    requeue = Requeue(reason=result.reason)
    recording.settle_attempt(connection, *locked, result, requeue, recording.RELEASED)
    return 1


def _stripped(result: AttemptResult, reason: str) -> AttemptResult:
    """The result without anything that a database could refuse."""
    bare = [
        replace(case, outcome=CaseOutcome.ERROR, nodeid=ascii(case.nodeid), phase="call", message=ascii(reason))
        for case in result.cases
    ]
    return replace(
        result,
        outcome=Outcome.ERROR,
        reason=ascii(reason),
        cases=tuple(replace(case, details="", output="", duration_s=0.0, started_at=0.0, crashes=0) for case in bare),
        manifest=None,
        exit_code=None,
        signal=None,
        max_rss_bytes=0,
        metrics=(),
        artifacts=(),
        proof={},
    )
