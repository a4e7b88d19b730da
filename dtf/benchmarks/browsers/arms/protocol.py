"""What the benchmark with real browsers asks of a breaker."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from dtf.benchmarks.browsers.job import Job
from dtf.domain.breaker import BreakerState, Sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Leave to use a browser.

    Attributes:
        browser: Which.
        token: The arm's own, to be told with what came of it.
    """

    browser: str
    token: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A breaker went from one state to another.

    Attributes:
        at_s: When, in seconds from the beginning of the run.
        browser: Whose breaker.
        before: The state that it left.
        after: The state that it began.
        reason: Why, where the arm tells.
    """

    at_s: float
    browser: str
    before: BreakerState
    after: BreakerState
    reason: str = ""


@dataclass(slots=True)
class Journal:
    """What an arm tells of itself: its transitions, in their order."""

    moves: list[Moved] = field(default_factory=list)


#: The numbers of jobs that get an attempt back.
Refunds = tuple[int, ...]


class Arm(Protocol):
    """A breaker for each browser, and whatever they share. Times are seconds from the beginning of the run."""

    journal: Journal

    def ask(self, browser: str, now_s: float, job: Job, *, last: bool) -> Ticket | None:
        """Leave for a job to start in a browser; ``last``: it is the job's last attempt."""
        ...

    def ended(self, ticket: Ticket, now_s: float, job: Job, sign: Sign, ran_s: float) -> Refunds:
        """An attempt ended."""
        ...

    def canary(self, browser: str, now_s: float) -> Ticket | None:
        """Leave for a canary, where one is due."""
        ...

    def stands_in(self, browser: str, job: Job) -> bool:
        """Whether a job that waits for a browser alone is run in place of the canary that is due there."""
        ...

    def stand_in_ended(self, ticket: Ticket, now_s: float, job: Job, ran_s: float, *, passed: bool) -> Refunds:
        """A job that stood in for a canary ended; one that did not pass says nothing."""
        ...

    def canary_ended(self, ticket: Ticket, now_s: float, ran_s: float, *, passed: bool) -> Refunds:
        """A canary ended."""
        ...

    def doubt(self, browser: str) -> float:
        """By what browsers are preferred: the less, the better; 0 where nothing speaks against one."""
        ...

    def learn(self, now_s: float) -> None:
        """Time to learn, should it be; called often."""
        ...

    def kept(self) -> Mapping[str, Any]:
        """What is worth keeping of what it learned, as JSON's types."""
        ...
