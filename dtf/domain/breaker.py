"""The words of circuit breakers."""

from dataclasses import dataclass
from enum import StrEnum

from dtf.domain.failure import Intensity


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Target:
    """What can be broken: a device, the browser on one, a worker's CPU, or the way to a worker; in other apps anything.

    Attributes:
        hardware: The hardware tag.
        name: What names it there: a device's UUID, a worker's node name, what a task of another app names.
    """

    hardware: str
    name: str

    def __str__(self) -> str:
        return f"{self.hardware}/{self.name}"


class BreakerState(StrEnum):
    """Where a breaker stands."""

    #: Work goes through.
    CLOSED = "closed"
    #: Nothing goes through but, when it is time, a probe.
    OPEN = "open"
    #: A probe succeeded; a few more decide.
    HALF_OPEN = "half_open"


class BreakerMode(StrEnum):
    """Who decides about a breaker."""

    #: It decides itself.
    AUTO = "auto"
    #: An operator holds it open: nothing goes through, no probe either.
    FORCED_OPEN = "forced_open"
    #: An operator holds it closed: everything goes through, and evidence only moves its belief.
    FORCED_CLOSED = "forced_closed"
    #: It decides and tells, and refuses nothing.
    METRICS_ONLY = "metrics_only"


#: The words by which an operator says what a breaker is to do.
MODE_WORDS: dict[str, BreakerMode] = {
    "open": BreakerMode.FORCED_OPEN,
    "close": BreakerMode.FORCED_CLOSED,
    "auto": BreakerMode.AUTO,
    "metrics": BreakerMode.METRICS_ONLY,
}


class Sign(StrEnum):
    """What a piece of evidence says."""

    #: A job passed, or failed by an assertion: the infrastructure worked.
    WORKED = "worked"
    #: The infrastructure failed under a job.
    INFRA = "infra"
    #: A job, or what was under it, crashed: whose fault it is, is open.
    CRASH = "crash"
    CANARY_PASSED = "canary_passed"
    CANARY_FAILED = "canary_failed"
    #: A job runs for longer than its group ever does.
    OVERRUN = "overrun"


#: The signs that speak against the target.
BAD_SIGNS = frozenset((Sign.INFRA, Sign.CRASH, Sign.CANARY_FAILED, Sign.OVERRUN))

#: The intensities of injected failures that each state lets through.
INJECTABLE_IN: dict[BreakerState, frozenset[Intensity]] = {
    BreakerState.CLOSED: frozenset(Intensity),
    BreakerState.HALF_OPEN: frozenset((Intensity.MILD, Intensity.MODERATE)),
    BreakerState.OPEN: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A breaker went from one state to another.

    Attributes:
        target: Whose breaker.
        epoch: The number of the state that it began, from 1, without gaps.
        at: Seconds since the epoch, on the store's clock.
        before: The state that it left.
        after: The state that it began.
        reason: One sentence for people: "2 failures where 1 % is normal".
    """

    target: Target
    epoch: int
    at: float
    before: BreakerState
    after: BreakerState
    reason: str
