"""What becomes of a shard after an attempt, by what only the ledger knows."""

from dataclasses import replace
from typing import Any

from sqlalchemy.engine import Row

from dtf.domain.outcome import Outcome
from dtf.domain.shard import AttemptResult, Disposition, Finish, Requeue
from dtf.resilience.recovery import is_lost_too_often


def better_known(
    job: Row[Any], shard: Row[Any], result: AttemptResult, decided: Disposition
) -> tuple[AttemptResult, Disposition]:
    """The result and what is to become of its shard, after what others have decided."""
    if isinstance(decided, Finish):
        return result, _not_finished(job, shard, result, decided) or decided
    if result.lost and is_lost_too_often(shard.losses + 1, job.max_retries):
        return replace(result, reason=_lost_words(shard.losses + 1, result.reason)), Finish()
    return result, decided


def _not_finished(job: Row[Any], shard: Row[Any], result: AttemptResult, finish: Finish) -> Requeue | None:
    """Why a shard goes out again that a worker holds for finished; None: it does not."""
    if _stopped_by_itself(shard, result):
        return Requeue(reason="it was ended early, for failures that do not count")
    if finish.exhausted and shard.crashes < job.max_retries:
        reason = f"{result.reason}; a retry was refunded meanwhile" if result.reason else "a retry was refunded"
        return Requeue(reason=reason, failure=finish.failure)
    return None


def _stopped_by_itself(shard: Row[Any], result: AttemptResult) -> bool:
    """Whether an attempt ended early although nobody called its shard off.

    A worker ends a shard itself when it knows of too many failures. Where their results came to nothing, because
    their attempt was superseded, the job has not failed, and what is left has to run.
    """
    return bool(shard.cases) and result.outcome is Outcome.CANCELLED and shard.cancel_reason is None


def _lost_words(losses: int, last: str) -> str:
    told = f"it was given back {losses} times, each time as the worker or a process of it went away under it"
    return f"{told}: what it runs may be what ends them (the last time: {last})"
