"""How a shard goes back to its queue after an attempt, and what a failure costs it."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from dtf.domain.events import EventKind
from dtf.domain.outcome import Outcome
from dtf.domain.recovery import RecoveryLevel
from dtf.domain.shard import AttemptResult, Disposition, Finish, Requeue, ShardState
from dtf.storage.database import now
from dtf.storage.ledger import outbox
from dtf.storage.ledger.avoiding import avoid_too
from dtf.storage.ledger.schema import attempts, is_open_shard, shards


def is_failure(result: AttemptResult) -> bool:
    """Whether the infrastructure failed under an attempt, and it was not just given back."""
    return result.crashed and result.outcome is Outcome.INFRA


def is_counted(result: AttemptResult, disposition: Disposition) -> bool:
    """Whether a failure counts against its shard."""
    return is_failure(result) and (isinstance(disposition, Finish) or disposition.counts)


def requeue(connection: Connection, shard: Row[Any], result: AttemptResult, decided: Requeue) -> None:
    """Put what is left of a shard back to its queue, and tell it."""
    failed = is_failure(result)
    connection.execute(
        sa.update(shards)
        .where(shards.c.shard_id == shard.shard_id)
        .values(
            state=ShardState.QUEUED.value,
            queued_at=now(),
            not_before=now() + decided.delay_s,
            crashes=shard.crashes + int(failed and decided.counts),
            refunds=shard.refunds + int(failed and not decided.counts),
            losses=shard.losses + int(result.lost),
            # one that is given back still waits for what its earlier failure called for
            action=decided.action.value if failed else shard.action,
            avoid=avoid_too(shard.avoid, decided.avoid),
            hinted_at=None,
            worker_id=None,
            slot=None,
            lease_until=None,
            done=0,
            failed=0,
        )
    )
    reason = decided.reason or result.reason
    data: dict[str, object] = {
        "attempt": result.attempt, "level": decided.level, "reason": reason, "delay_s": decided.delay_s
    }  # fmt: skip
    if failed:
        failure = decided.failure.value if decided.failure else ""
        data |= {"action": decided.action.value, "failure": failure, "counts": decided.counts}
    outbox.tell(connection, EventKind.SHARD_REQUEUED, shard.shard_id, shard.run_id, data)
    if failed and decided.level >= RecoveryLevel.FULL_RECOVERY:
        told = {**data, "queue": shard.queue, "worker": result.worker_id}
        outbox.tell(connection, EventKind.OPERATOR_NEEDED, shard.shard_id, shard.run_id, told)


def refund(connection: Connection, shard_ids: Sequence[str]) -> int:
    """Give shards that are not finished back what their latest failure that counts has cost."""
    return sum(_refund(connection, shard_id) for shard_id in sorted(set(shard_ids)))


def _refund(connection: Connection, shard_id: str) -> int:
    held = sa.select(shards).where(shards.c.shard_id == shard_id, is_open_shard).with_for_update(key_share=True)
    shard = connection.execute(held).first()
    if shard is None or shard.crashes <= 0:
        return 0
    latest = sa.select(sa.func.max(attempts.c.attempt)).where(attempts.c.shard_id == shard_id, attempts.c.counted)
    connection.execute(
        sa.update(attempts)
        .where(attempts.c.shard_id == shard_id, attempts.c.attempt == latest.scalar_subquery())
        .values(counted=False)
    )
    connection.execute(
        sa.update(shards)
        .where(shards.c.shard_id == shard_id)
        .values(crashes=shard.crashes - 1, refunds=shard.refunds + 1)
    )
    return 1
