"""What is done about an attempt that the infrastructure ended."""

from typing import Final

from dtf.domain.outcome import Outcome
from dtf.domain.proof import ELSEWHERE
from dtf.domain.shard import AttemptResult, Disposition, Finish, Requeue

#: The first of the five recovery levels: what is left runs again, anywhere.
RETRY_LEVEL: Final = 1

#: The longest a shard waits before it runs again, in seconds.
LONGEST_DELAY_S: Final = 30.0


def decide(result: AttemptResult, *, crashes: int, max_retries: int) -> Disposition:
    """Decide what becomes of a shard after an attempt.

    Only a failure of the infrastructure sends a shard out again: what the code under test did is its verdict, and a
    retry would hide a flaky test. One that ran elsewhere than it was to is told at once. An attempt that ended without
    a failure (a drained worker) costs the shard nothing.

    Args:
        result: What the attempt came to.
        crashes: How many earlier attempts of the shard ended by an infrastructure failure, without this one.
        max_retries: How often an infrastructure failure may send the shard out again.

    Returns:
        ``Requeue`` for what is left of the shard, or ``Finish``: the attempt's outcome is the shard's.
    """
    if result.outcome is not Outcome.INFRA:
        return Finish()
    if not result.crashed:
        return Requeue(level=RETRY_LEVEL, reason=result.reason)
    # what ran elsewhere would do so again: what is missing on this worker is not there the next time
    if crashes >= max_retries or result.proof.get(ELSEWHERE):
        return Finish()
    return Requeue(delay_s=retry_delay_s(crashes), level=RETRY_LEVEL, reason=result.reason)


def retry_delay_s(crashes: int) -> float:
    """How long a shard waits before it runs again: 0, 1, 4, 9 ... seconds, at most ``LONGEST_DELAY_S``.

    The first retry comes at once, as most losses are of one process; a cause that stays gets more time to go.

    Args:
        crashes: How many infrastructure failures it had before the present one.
    """
    return min(float(crashes * crashes), LONGEST_DELAY_S)
