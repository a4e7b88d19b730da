"""The control loops, under the leader's lease."""

import logging
import threading
from collections.abc import Callable

from dtf.coordination.config import CoordinatorConfig
from dtf.coordination.dispatcher import Dispatcher
from dtf.coordination.lease import Lease
from dtf.coordination.loop import Loop
from dtf.coordination.outage import Outage
from dtf.coordination.outbox import Outbox
from dtf.coordination.planner import Planner
from dtf.coordination.reaper import Reaper
from dtf.coordination.settler import Settler
from dtf.domain.clock import Clock
from dtf.domain.errors import LedgerUnavailableError, TermOverError
from dtf.domain.events import Event
from dtf.domain.ports.control import Control, Leadership, Term
from dtf.domain.ports.durations import Durations
from dtf.domain.ports.hints import Hints
from dtf.scheduling.dispatch import Window

__all__ = ["Coordinator", "CoordinatorConfig"]

log = logging.getLogger(__name__)


class Coordinator:
    """Leads, or stands by until it can.

    One thread does everything. At each step the lease is renewed if that is due, also between two loops, so that a
    slow loop does not cost the leadership; then each loop that is due has its turn. A loop that fails is paused, and
    keeps neither the others nor the renewal from going on.
    """

    def __init__(
        self,
        config: CoordinatorConfig,
        *,
        leadership: Leadership,
        control: Control,
        hints: Hints,
        durations: Durations,
        notify: Callable[[Event], None],
        clock: Clock,
    ) -> None:
        self._config = config
        self._clock = clock
        self._database = Outage("The database", "running tests go on, the rest waits until it is back", clock)
        self._lease = Lease(
            leadership,
            holder=config.holder,
            lease_s=config.lease_s,
            standby_s=config.standby_s,
            clock=clock,
            database=self._database,
        )
        window = Window(seconds=config.window_s)
        loops: tuple[Loop, ...] = (
            Planner(control, durations, clock),
            Reaper(control, config.worker_silent_s, clock),
            Settler(control),
            Outbox(control, notify, clock),
            # last, because a broker that does not answer may take longer than the lease
            Dispatcher(control, hints, clock, window),
        )
        self._turns = tuple(_Turn(loop, clock) for loop in loops)
        self._led: Term | None = None
        self._stop = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Lead or stand by until ``stop`` is set; then give the lease back."""
        self._stop = stop
        log.info("coordinator %s starts", self._config.holder)
        try:
            while not stop.is_set():
                stop.wait(self.step())
        finally:
            self._lease.release()
            log.info("coordinator %s stopped", self._config.holder)

    def step(self) -> float:
        """Do what is due now; return the seconds until the next step."""
        term = self._lead()
        if term is None:
            return min(max(self._lease.next_try_in_s, self._config.interval_s), self._config.standby_s)
        for turn in self._turns:
            term = self._lead()
            if term is None or self._database.pausing or self._stop.is_set():
                break
            self._take(turn, term)
        return self._config.interval_s

    def _lead(self) -> Term | None:
        """Renew the lease if that is due; a new term begins with loops that remember nothing."""
        try:
            term = self._lease.keep()
        except Exception:
            log.exception("the leader lease could not be asked for; trying again in %.1f s", self._config.standby_s)
            term = self._lease.term
        if term is not None and term != self._led:
            self._led = term
            for turn in self._turns:
                turn.loop.reset()
        return term

    def _take(self, turn: "_Turn", term: Term) -> None:
        if not turn.due:
            return
        try:
            turn.take(term)
        except TermOverError:
            self._lease.lose()
        except LedgerUnavailableError as error:
            self._database.failed(error)
        else:
            if turn.succeeded:
                self._database.succeeded()


class _Turn:
    """When a loop is due, and how long it is paused after an error that nobody expected."""

    def __init__(self, loop: Loop, clock: Clock) -> None:
        self.loop = loop
        self.succeeded = True
        self._clock = clock
        self._next = 0.0
        self._pause_s = 0.0

    @property
    def due(self) -> bool:
        return self._clock.monotonic() >= self._next

    def take(self, term: Term) -> None:
        """Let the loop have its turn; raise only what the coordinator has to know."""
        try:
            self.loop.tick(term)
        except (TermOverError, LedgerUnavailableError):
            raise
        except Exception:
            # a defect in one loop must not end the others: without them nothing is reaped and nothing dispatched
            self._pause_s = min(max(2 * self._pause_s, 1.0), 30.0)
            log.exception("%s failed; it is tried again in %.0f s", self.loop.name, self._pause_s)
            self.succeeded = False
        else:
            self._pause_s, self.succeeded = 0.0, True
        self._next = self._clock.monotonic() + max(self.loop.interval_s, self._pause_s)
