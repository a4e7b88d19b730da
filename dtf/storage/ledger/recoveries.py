"""The measured history of recoveries, over the ledger's tables."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from dtf.domain.breaker import Target
from dtf.domain.events import EventKind
from dtf.domain.failure import FailureType
from dtf.domain.outcome import Outcome
from dtf.domain.ports.recoveries import STABLE_S, Recoveries
from dtf.domain.queue import base_tag
from dtf.domain.recovery import LEVEL_OF, Recovery, RecoveryAction, RecoveryLevel
from dtf.domain.shard import AttemptResult
from dtf.storage.database import Database, now
from dtf.storage.ledger import outbox
from dtf.storage.ledger.recovery_schema import recoveries
from dtf.storage.ledger.schema import attempts
from dtf.storage.ledger.service_schema import workers
from dtf.storage.sanitiser import clean_integer, clean_number, clean_text

#: So many recoveries are kept, the latest ones.
KEPT: Final = 10_000
#: The most disturbed jobs that are counted.
_LARGEST_COUNT = 2**31 - 1


class LedgerRecoveries(Recoveries):
    """What was done about failures, and what it brought."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, recovery: Recovery) -> None:
        """Remember one, and tell it as an event."""
        self._database.write(lambda connection: note(connection, recovery))

    def history(self, limit: int = 1000) -> Sequence[Recovery]:
        """The latest ones, the oldest of them first."""
        return self._database.read(lambda connection: latest(connection, limit))


def note(connection: Connection, recovery: Recovery) -> None:
    """Remember a recovery, settle whether earlier ones of its target held, and tell it."""
    recovery = _clean(recovery)
    target = recovery.target
    same = (recoveries.c.hardware == target.hardware) & (recoveries.c.name == target.name)
    unsettled = same & recoveries.c.succeeded & recoveries.c.stable.is_(None)
    held = sa.case((recoveries.c.at < now() - STABLE_S, sa.true()), else_=sa.false())
    connection.execute(sa.update(recoveries).where(unsettled).values(stable=held))
    number = connection.execute(
        recoveries.insert()
        .values(
            at=now(),
            hardware=target.hardware,
            name=target.name,
            failure=recovery.failure.value,
            action=recovery.action.value,
            level=int(recovery.level),
            succeeded=recovery.succeeded,
            time_s=recovery.time_s,
            resource_s=recovery.resource_s,
            impact=recovery.impact,
            # what did not work cannot hold
            stable=recovery.stable if recovery.succeeded else False,
            job_recovered=_job_recovered(connection, recovery),
            worker_id=recovery.worker_id,
            shard_id=recovery.shard_id,
            attempt=recovery.attempt,
            reason=recovery.reason,
        )
        .returning(recoveries.c.number)
    ).scalar_one()
    connection.execute(sa.delete(recoveries).where(recoveries.c.number <= number - KEPT))
    kind = EventKind.RECOVERY_COMPLETED if recovery.succeeded else EventKind.RECOVERY_FAILED
    data = {
        "failure": recovery.failure.value,
        "action": recovery.action.value,
        "level": int(recovery.level),
        "time_s": recovery.time_s,
        "shard": recovery.shard_id,
        "reason": recovery.reason,
    }
    outbox.tell(connection, kind, str(target), data=data)


def note_outcome(connection: Connection, shard: Row[Any], result: AttemptResult) -> None:
    """Write down what came of the action that had sent a shard out again, now that the next attempt has ended.

    An attempt that was given back or called off says nothing about it. A guardian that carried an action out has noted
    it already, and learns only whether the job recovered; a retry is known by this alone.
    """
    given_back = result.outcome is Outcome.INFRA and not result.crashed
    if not shard.action or given_back or result.outcome is Outcome.CANCELLED:
        return
    worked = result.outcome is not Outcome.INFRA
    carried_out = (recoveries.c.shard_id == shard.shard_id) & recoveries.c.job_recovered.is_(None)
    if connection.execute(sa.update(recoveries).where(carried_out).values(job_recovered=worked)).rowcount:
        return
    action = RecoveryAction(shard.action)
    failed = _failed_attempt(connection, result)
    # a failover is known by the next attempt as a retry is
    if failed is None or RecoveryLevel.ENHANCED_RETRY < LEVEL_OF[action] < RecoveryLevel.FULL_RECOVERY:
        return
    waited_s = max(0.0, (shard.claimed_at or 0.0) - failed.recorded_at)
    burnt_s = 0.0 if worked else result.duration_s
    note(
        connection,
        Recovery(
            target=Target(hardware=base_tag(shard.queue), name=failed.name or failed.worker_id),
            failure=FailureType(failed.failure),
            action=action,
            succeeded=worked,
            time_s=waited_s + burnt_s,
            resource_s=burnt_s,
            job_recovered=worked,
            worker_id=result.worker_id,
            shard_id=result.shard_id,
            attempt=failed.attempt,
            reason=result.reason if not worked else "",
        ),
    )


def _job_recovered(connection: Connection, recovery: Recovery) -> bool | None:
    """What is said, or what the shard's next attempt came to: elsewhere it may have ended before this one."""
    if recovery.job_recovered is not None or not recovery.shard_id:
        return recovery.job_recovered
    later = (attempts.c.shard_id == recovery.shard_id) & (attempts.c.attempt > recovery.attempt)
    told = attempts.c.recorded_at.is_not(None) & (attempts.c.outcome != Outcome.CANCELLED.value)
    ended = told & ((attempts.c.outcome != Outcome.INFRA.value) | attempts.c.crashed)
    first = sa.select(attempts.c.outcome).where(later, ended).order_by(attempts.c.attempt).limit(1)
    outcome = connection.scalar(first)
    return None if outcome is None else outcome != Outcome.INFRA.value


def _failed_attempt(connection: Connection, result: AttemptResult) -> Row[Any] | None:
    """The latest attempt before this one that ended by a failure."""
    columns: list[sa.ColumnElement[Any]] = [attempts.c.attempt, attempts.c.failure, attempts.c.recorded_at]
    columns += [attempts.c.worker_id, workers.c.name]
    return connection.execute(
        sa.select(*columns)
        .outerjoin(workers, workers.c.worker_id == attempts.c.worker_id)
        .where(attempts.c.shard_id == result.shard_id, attempts.c.attempt < result.attempt)
        .where(attempts.c.failure != "", attempts.c.recorded_at.is_not(None))
        .order_by(attempts.c.attempt.desc())
        .limit(1)
    ).first()


def latest(connection: Connection, limit: int) -> list[Recovery]:
    """The latest ones, the oldest of them first."""
    # what has held for long enough is stable, although nothing has come since that would have said so
    over = recoveries.c.succeeded & recoveries.c.stable.is_(None) & (recoveries.c.at < now() - STABLE_S)
    stable = sa.case((over, sa.true()), else_=recoveries.c.stable).label("held")
    latest = sa.select(recoveries, stable).order_by(recoveries.c.number.desc()).limit(limit)
    rows = connection.execute(latest).all()
    return [_recovery(row) for row in reversed(rows)]


def _recovery(row: Row[Any]) -> Recovery:
    return Recovery(
        at=row.at,
        target=Target(hardware=row.hardware, name=row.name),
        failure=FailureType(row.failure),
        action=RecoveryAction(row.action),
        succeeded=row.succeeded,
        time_s=row.time_s,
        resource_s=row.resource_s,
        impact=row.impact,
        stable=None if row.held is None else bool(row.held),
        job_recovered=row.job_recovered,
        worker_id=row.worker_id,
        shard_id=row.shard_id,
        attempt=row.attempt,
        reason=row.reason,
    )


def _clean(recovery: Recovery) -> Recovery:
    target = recovery.target
    return replace(
        recovery,
        target=Target(hardware=clean_text(target.hardware), name=clean_text(target.name)),
        time_s=clean_number(recovery.time_s),
        resource_s=clean_number(recovery.resource_s),
        impact=clean_integer(recovery.impact, _LARGEST_COUNT),
        worker_id=clean_text(recovery.worker_id),
        shard_id=clean_text(recovery.shard_id),
        attempt=clean_integer(recovery.attempt, _LARGEST_COUNT),
        reason=clean_text(recovery.reason),
    )
