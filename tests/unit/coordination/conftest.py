from collections.abc import Callable

import pytest

from dtf.coordination.coordinator import Coordinator, CoordinatorConfig
from dtf.domain.events import Event
from tests.support.fake_clock import FakeClock
from tests.support.memory_control import (
    KnownDurations,
    MemoryControl,
    MemoryHints,
    MemoryLeadership,
    MemoryLedger,
)


class World:
    """A ledger, a broker, a clock, and coordinators over them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.ledger = MemoryLedger(self.clock)
        self.leadership = MemoryLeadership(self.ledger)
        self.control = MemoryControl(self.ledger)
        self.hints = MemoryHints()
        self.heard: list[int] = []

    def notify(self, event: Event) -> None:
        """Hear an event."""
        self.heard.append(event.sequence)

    def coordinator(self, holder: str = "c1", notify: Callable[[Event], None] | None = None) -> Coordinator:
        """One more coordinator."""
        return Coordinator(
            CoordinatorConfig(holder=holder),
            leadership=self.leadership,
            control=self.control,
            hints=self.hints,
            durations=KnownDurations(),
            notify=notify or self.notify,
            clock=self.clock,
        )

    def play(self, seconds: float, *coordinators: Coordinator) -> None:
        """Step through some time, each coordinator when it wants to be stepped."""
        due = dict.fromkeys(coordinators, self.clock.monotonic())
        end = self.clock.monotonic() + seconds
        while min(due.values()) <= end:
            first = min(due, key=lambda coordinator: due[coordinator])
            self.clock.advance(max(due[first] - self.clock.monotonic(), 0.0))
            due[first] = self.clock.monotonic() + first.step()
            first.dispatch()
        self.clock.advance(max(end - self.clock.monotonic(), 0.0))


@pytest.fixture
def world() -> World:
    """A world with nothing in it."""
    return World()
