"""A breaker that is told the schedule."""

from collections.abc import Mapping
from typing import Any

from dtf.benchmarks.browsers.arms.protocol import Journal, Refunds, Ticket
from dtf.benchmarks.browsers.job import Job
from dtf.benchmarks.browsers.schedule import Schedule
from dtf.domain.breaker import Sign


class Oracle:
    """Refuses work exactly where and while an episode lasts: no breaker can reach it.

    Args:
        schedule: What happens in the run.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self.journal = Journal()

    def ask(self, browser: str, now_s: float, job: Job, *, last: bool) -> Ticket | None:  # noqa: ARG002  # the protocol's
        """Where no episode lasts."""
        return None if self._schedule.episode_at(browser, now_s) else Ticket(browser=browser)

    def ended(self, ticket: Ticket, now_s: float, job: Job, sign: Sign, ran_s: float) -> Refunds:  # noqa: ARG002  # the protocol's
        """Nothing is learned."""
        return ()

    def canary(self, browser: str, now_s: float) -> Ticket | None:  # noqa: ARG002  # the protocol's
        """It needs none."""
        return None

    def stands_in(self, browser: str, job: Job) -> bool:  # noqa: ARG002  # the protocol's
        """None does."""
        return False

    def stand_in_ended(self, ticket: Ticket, now_s: float, job: Job, ran_s: float, *, passed: bool) -> Refunds:  # noqa: ARG002  # the protocol's
        """None does."""
        return ()

    def canary_ended(self, ticket: Ticket, now_s: float, ran_s: float, *, passed: bool) -> Refunds:  # noqa: ARG002  # the protocol's
        """There are none."""
        return ()

    def doubt(self, browser: str) -> float:  # noqa: ARG002  # the protocol's
        """What is not refused is well."""
        return 0.0

    def learn(self, now_s: float) -> None:
        """It knows all."""

    def kept(self) -> Mapping[str, Any]:
        """Nothing."""
        return {}
