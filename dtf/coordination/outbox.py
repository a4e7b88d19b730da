"""The loop that tells plugins what happened."""

import logging
from collections.abc import Callable
from typing import Final

from dtf.domain.clock import Clock
from dtf.domain.events import Event, EventKind
from dtf.domain.ports.control import Control, Term

log = logging.getLogger(__name__)

#: How many events are read at once.
BATCH: Final = 200

#: After so long in one tick the other loops have their turn, in seconds.
BUDGET_S: Final = 1.0

#: After so many tries an event is given up.
MOST_TRIES: Final = 5

#: The pause after the first failed try, in seconds; each further one is twice as long.
FIRST_PAUSE_S: Final = 0.5


class Outbox:
    """Delivers events in order, each at least once, unless it fails five times.

    An event that cannot be delivered holds the later ones back until it is delivered or given up.
    """

    name = "outbox"
    interval_s = 0.5

    def __init__(self, control: Control, notify: Callable[[Event], None], clock: Clock) -> None:
        self._control = control
        self._notify = notify
        self._clock = clock
        self._failing: int | None = None
        self._tries = 0
        self._next_try = 0.0

    def tick(self, term: Term) -> None:
        """Deliver what waits."""
        begin = self._clock.monotonic()
        if begin < self._next_try:
            return
        done: list[int] = []
        for event in self._control.pending_events(BATCH):
            if not self._deliver(event):
                break
            _call_operator(event)
            done.append(event.sequence)
            if self._clock.monotonic() - begin > BUDGET_S:
                break
        if done:
            self._control.mark_delivered(term, done)

    def reset(self) -> None:
        """Give a failing event its full number of tries again."""
        self._failing, self._tries, self._next_try = None, 0, 0.0

    def _deliver(self, event: Event) -> bool:
        """Whether the event is dealt with: delivered or given up."""
        what = f"event {event.sequence} ({event.kind} {event.subject})"
        try:
            self._notify(event)
        except Exception:
            self._tries = self._tries + 1 if self._failing == event.sequence else 1
            self._failing = event.sequence
            if self._tries < MOST_TRIES:
                pause_s = FIRST_PAUSE_S * 2 ** (self._tries - 1)
                self._next_try = self._clock.monotonic() + pause_s
                log.exception("%s: try %d of %d failed; the next in %.1f s", what, self._tries, MOST_TRIES, pause_s)
                return False
            log.exception("%s: given up after %d tries", what, self._tries)
        self.reset()
        return True


def _call_operator(event: Event) -> None:
    if event.kind is not EventKind.OPERATOR_NEEDED:
        return
    told = {name: event.data.get(name, "?") for name in ("queue", "worker", "failure", "reason")}
    log.error(
        "an operator is needed: shard %s of the queue %s failed on worker %s after all that dtf can do (%s: %s);"
        " it goes to other workers. `dtf status` lists what is open",
        event.subject, told["queue"], told["worker"], told["failure"], told["reason"],
    )  # fmt: skip
