"""What the simulation asks of a breaker."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from dtf.benchmarks.simulation.faults import Schedule
from dtf.benchmarks.simulation.jobs import SimulatedJob
from dtf.benchmarks.simulation.lab import Conditions, Lab
from dtf.domain.breaker import BreakerState, Sign

#: Never.
NEVER: Final = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What an arm is told before the run. Only the oracle may look at the schedule, only the floor at causes."""

    lab: Lab
    conditions: Conditions
    schedule: Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """An attempt ended: where, when, which job's, after how long, with what sign, under which token it started."""

    target: int
    now: float
    job: SimulatedJob
    ran_s: float
    sign: Sign
    token: int
    faulted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A breaker changed its state."""

    at: float
    target: int
    before: BreakerState
    after: BreakerState
    reason: str = ""


@dataclass(slots=True)
class Journal:
    """What an arm tells of itself.

    Attributes:
        moves: Its transitions, in their order.
        stirred: The targets to look at although nothing happened on them; the engine takes them away.
    """

    moves: list[Moved] = field(default_factory=list)
    stirred: list[int] = field(default_factory=list)


#: The indices of jobs that get an attempt back.
Refunds = tuple[int, ...]


class Arm(Protocol):
    """A breaker for each target, and whatever they share."""

    journal: Journal

    def told(self, sick: Callable[[int], bool]) -> None:
        """Take a way to ask whether a target is sick; only the floor may use it, and only when a canary returns."""
        ...

    def allows(self, target: int, now: float, job: SimulatedJob, *, last: bool) -> bool:
        """Whether a job may start on a target; ``last``: it is the job's last attempt."""
        ...

    def started(self, target: int, now: float) -> int:
        """A job starts: the token to be told with its end."""
        ...

    def ended(self, ending: Ending) -> Refunds:
        """An attempt ended."""
        ...

    def badness(self, target: int) -> float:
        """By what targets are preferred: the less, the better."""
        ...

    def look_at(self, target: int, now: float) -> float:
        """When to ask again though nothing happened on the target."""
        ...

    def starts_canary(self, target: int, now: float) -> int | None:
        """The token of a canary that is to start now; None: none."""
        ...

    def canary_ended(self, target: int, now: float, *, passed: bool, token: int) -> Refunds:
        """A canary ended."""
        ...

    def overruns_after(self, target: int, job: SimulatedJob) -> float:
        """How many seconds after its start a job runs for too long."""
        ...

    def overran(self, target: int, now: float, job: SimulatedJob, token: int) -> Refunds:
        """A job still runs though it should not."""
        ...


class Indifferent:
    """An arm that refuses nothing, wants nothing and gives nothing back; the others override what they do."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.journal = Journal()

    def told(self, sick: Callable[[int], bool]) -> None:
        """The truth is of no use to it."""

    def allows(self, target: int, now: float, job: SimulatedJob, *, last: bool) -> bool:  # noqa: ARG002  # the protocol's
        """Always."""
        return True

    def started(self, target: int, now: float) -> int:  # noqa: ARG002  # the protocol's
        """No token is needed."""
        return 0

    def ended(self, ending: Ending) -> Refunds:  # noqa: ARG002  # the protocol's
        """Nothing is learned."""
        return ()

    def badness(self, target: int) -> float:  # noqa: ARG002  # the protocol's
        """All are alike."""
        return 0.0

    def look_at(self, target: int, now: float) -> float:  # noqa: ARG002  # the protocol's
        """Never."""
        return NEVER

    def starts_canary(self, target: int, now: float) -> int | None:  # noqa: ARG002  # the protocol's
        """None."""
        return None

    def canary_ended(self, target: int, now: float, *, passed: bool, token: int) -> Refunds:  # noqa: ARG002
        """Nothing comes of it."""
        return ()

    def overruns_after(self, target: int, job: SimulatedJob) -> float:  # noqa: ARG002  # the protocol's
        """Never."""
        return NEVER

    def overran(self, target: int, now: float, job: SimulatedJob, token: int) -> Refunds:  # noqa: ARG002
        """Nothing comes of it."""
        return ()
