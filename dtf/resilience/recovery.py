"""What is done about an attempt that the infrastructure ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from dtf.domain.breaker import BreakerState
from dtf.domain.failure import FailureType
from dtf.domain.outcome import Outcome
from dtf.domain.proof import ELSEWHERE
from dtf.domain.recovery import LEVEL_OF, RecoveryAction, RecoveryLevel
from dtf.domain.shard import AttemptResult, Disposition, Finish, Requeue
from dtf.resilience.classify import failure_in
from dtf.resilience.ladder import actions, first_level, last_level

#: The longest a shard waits before it runs again, in seconds.
LONGEST_DELAY_S: Final = 30.0

#: The shortest pause of a retry that is more than a basic one, in seconds.
SHORTEST_DELAY_S: Final = 1.0

#: Above this probability a target is held for sick, and what it does to a shard does not count against the shard.
SICK: Final = 0.5

#: Failures that count and those that do not end a shard together after so many times the attempts that it is allowed.
CAP: Final = 2

#: Attempts whose worker went away under them cost nothing, but end a shard after so many times those it is allowed.
LOST_CAP: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known of the place where an attempt failed, at the time of the decision.

    Attributes:
        breaker: The state of the target's breaker; of several targets the gravest.
        bad: The probability that the target is sick.
        hardware: The hardware tag of the shard.
        in_page: Whether it ran in a page of the slot's browser, of which parts can be replaced.
        reach: The highest level that whoever asks can carry out.
        usual: Whether the target fails so often while it is healthy that a failure tells nothing of the shard.
    """

    breaker: BreakerState = BreakerState.CLOSED
    bad: float = 0.0
    hardware: str = ""
    in_page: bool = False
    reach: RecoveryLevel = RecoveryLevel.FULL_RECOVERY
    usual: bool = False

    @property
    def forgives(self) -> bool:
        """Whether a failure is the target's, and the shard does not pay for it."""
        return self.breaker is BreakerState.OPEN or self.bad > SICK or self.usual


#: Chooses one of some actions, which stand in the fixed order, for a failure of work that failed so often before.
Choose = Callable[[FailureType, Sequence[RecoveryAction], int], RecoveryAction]


def fixed_order(_failure: FailureType, offered: Sequence[RecoveryAction], _tries: int) -> RecoveryAction:
    """The baseline: the first action of the lowest level."""
    return offered[0]


_UNKNOWN_PLACE: Final = Circumstances()


def decide(
    result: AttemptResult,
    *,
    crashes: int,
    max_retries: int,
    refunds: int = 0,
    circumstances: Circumstances = _UNKNOWN_PLACE,
    choose: Choose = fixed_order,
) -> Disposition:
    """Decide what becomes of a shard after an attempt.

    Only a failure of the infrastructure sends a shard out again: what the code under test did is its verdict, and a
    retry would hide a flaky test. One that ran elsewhere than it was to is told at once. An attempt that ended without
    a failure (a drained worker) costs the shard nothing; the ledger counts those (``is_lost_too_often``).

    The first level follows the breaker's state, and each further failure of the shard goes one level up; success ends
    it, since then nothing is decided any more. While the target is held for sick a failure does not count, so that no
    shard loses its last retry to it; all failures together are bounded nevertheless.

    Args:
        result: What the attempt came to.
        crashes: How many earlier attempts of the shard ended by an infrastructure failure that counts.
        max_retries: How often such a failure may send the shard out again.
        refunds: How many earlier ones ended by a failure that does not count.
        circumstances: What is known of the place where it failed.
        choose: Chooses among the actions of the level and those below the component's restart.

    Returns:
        ``Requeue`` for what is left of the shard, or ``Finish``: the attempt's outcome is the shard's.
    """
    if result.outcome is not Outcome.INFRA:
        return Finish()
    if not result.crashed:
        return Requeue(reason=result.reason)
    failure = failure_in(result.reason, signal=result.signal)
    counts, failures = not circumstances.forgives, crashes + refunds
    # what ran elsewhere would do so again: what is missing on this worker is not there the next time
    if result.proof.get(ELSEWHERE) or failures + 1 >= CAP * (1 + max_retries):
        return Finish(failure=failure)
    if counts and crashes >= max_retries:
        return Finish(failure=failure, exhausted=True)
    action = choose(failure, _offered(failure, failures, circumstances), failures)
    level = LEVEL_OF[action]
    return Requeue(
        delay_s=_delay_s(failures, level),
        level=level.value,
        reason=result.reason,
        action=action,
        failure=failure,
        avoid=(result.worker_id,) if _leaves(action) else (),
        counts=counts,
    )


def is_lost_too_often(losses: int, max_retries: int) -> bool:
    """Whether a shard does not go out again although its worker, or a process of it, just went away under it.

    A restart of workers costs nothing; but a shard may be what ends them, and would for ever.

    Args:
        losses: How many of its attempts ended so, the present one among them.
        max_retries: How often a failure that counts may send the shard out again.
    """
    return losses >= LOST_CAP * (1 + max_retries)


def retry_delay_s(failures: int) -> float:
    """How long a shard waits before it runs again: 0, 1, 4, 9 ... seconds, at most ``LONGEST_DELAY_S``.

    The first retry comes at once, as most losses are of one process; a cause that stays gets more time to go.

    Args:
        failures: How many infrastructure failures it had before the present one.
    """
    return min(float(failures * failures), LONGEST_DELAY_S)


def _delay_s(failures: int, level: RecoveryLevel) -> float:
    shortest = 0.0 if level is RecoveryLevel.BASIC_RETRY else SHORTEST_DELAY_S
    return max(retry_delay_s(failures), shortest)


def _offered(failure: FailureType, failures: int, place: Circumstances) -> Sequence[RecoveryAction]:
    """The actions of the level that is reached, and of those above it that disturb nobody else."""
    most = min(last_level(place.breaker, suspected=place.bad > SICK), place.reach)
    reached = RecoveryLevel(min(first_level(place.breaker, failure) + failures, most))
    highest = max(reached, min(RecoveryLevel.COMPONENT_RESTART, most))
    levels = (RecoveryLevel(level) for level in range(reached, highest + 1))
    return [action for level in levels for action in actions(level, failure, place.hardware, in_page=place.in_page)]


def _leaves(action: RecoveryAction) -> bool:
    """Whether the shard is to go to another worker after an action; the others are meant for the same one too."""
    return action not in (RecoveryAction.RETRY, RecoveryAction.BACK_OFF)
