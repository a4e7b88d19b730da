"""Loops that one thread takes in turn."""

import logging
import threading
from collections.abc import Callable, Sequence

from dtf.coordination.loop import Loop
from dtf.coordination.outage import Outage
from dtf.domain.clock import Clock
from dtf.domain.errors import LedgerUnavailableError, TermOverError
from dtf.domain.ports.control import Term

log = logging.getLogger(__name__)

#: The first and the longest pause of a loop that failed for a reason that nobody expected, in seconds.
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0


class Shift:
    """Gives each loop that is due its turn. A loop that fails is paused, and keeps the others from nothing."""

    def __init__(self, loops: Sequence[Loop], *, database: Outage, clock: Clock) -> None:
        self._turns = tuple(_Turn(loop, clock) for loop in loops)
        self._database = database
        self._led: Term | None = None

    def work(self, lead: Callable[[], Term | None], lose: Callable[[Term], None], stop: threading.Event) -> None:
        """Let every loop that is due have its turn.

        Args:
            lead: The term that is held now, renewed where that is due; None ends the work.
            lose: Called when the ledger says that a term is over.
            stop: Ends the work between two loops.
        """
        for turn in self._turns:
            term = lead()
            if term is None or self._database.pausing or stop.is_set():
                return
            self._begin(term)
            if turn.due:
                self._take(turn, term, lose)

    def _begin(self, term: Term) -> None:
        """A new term begins with loops that remember nothing."""
        if term != self._led:
            self._led = term
            for turn in self._turns:
                turn.loop.reset()

    def _take(self, turn: "_Turn", term: Term, lose: Callable[[Term], None]) -> None:
        try:
            healthy = turn.take(term)
        except TermOverError:
            lose(term)
        except LedgerUnavailableError as error:
            self._database.failed(error)
        else:
            if healthy:
                self._database.succeeded()


class _Turn:
    """When a loop is due, and how long it is paused after an error that nobody expected."""

    def __init__(self, loop: Loop, clock: Clock) -> None:
        self.loop = loop
        self._clock = clock
        self._next = 0.0
        self._pause_s = 0.0

    @property
    def due(self) -> bool:
        return self._clock.monotonic() >= self._next

    def take(self, term: Term) -> bool:
        """Let the loop have its turn; whether it went well. Raises only what the coordinator has to know."""
        try:
            self.loop.tick(term)
        except (TermOverError, LedgerUnavailableError):
            raise
        except Exception:
            # a defect in one loop must not end the others: without them nothing is reaped and nothing dispatched
            self._pause_s = min(max(2 * self._pause_s, FIRST_PAUSE_S), LONGEST_PAUSE_S)
            log.exception("%s failed; it is tried again in %.0f s", self.loop.name, self._pause_s)
        else:
            self._pause_s = 0.0
        self._next = self._clock.monotonic() + max(self.loop.interval_s, self._pause_s)
        return self._pause_s == 0.0
