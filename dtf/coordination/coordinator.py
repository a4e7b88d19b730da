"""The control loops, under the leader's lease."""

import logging
import threading
from collections.abc import Callable, Sequence

from dtf.coordination.config import CoordinatorConfig
from dtf.coordination.dispatcher import Dispatcher
from dtf.coordination.lease import Lease
from dtf.coordination.loop import Watch
from dtf.coordination.outage import Outage
from dtf.coordination.outbox import Outbox
from dtf.coordination.planner import Planner
from dtf.coordination.reaper import Reaper
from dtf.coordination.settler import Settler
from dtf.coordination.shift import Shift
from dtf.coordination.truce import Truce
from dtf.domain.clock import Clock
from dtf.domain.errors import DtfError
from dtf.domain.events import Event
from dtf.domain.ports.control import Control, Leadership, Term
from dtf.domain.ports.durations import Durations
from dtf.domain.ports.hints import Hints
from dtf.scheduling.dispatch import Window

__all__ = ["Coordinator", "CoordinatorConfig"]

log = logging.getLogger(__name__)

#: How long a stop waits for the dispatcher's thread, in seconds; what it writes later is refused by the ledger.
_JOIN_S = 2.0


class Coordinator:
    """Leads, or stands by until it can.

    Two threads share the work, and each watch has one of its own. The first keeps the lease, renewing it also between
    two loops where that is due, so that a slow loop does not cost the leadership. The second one dispatches: a broker
    that does not answer makes it wait for longer than the lease holds, and nothing else has to wait with it.
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
        watches: Sequence[Watch] = (),
    ) -> None:
        self._config = config
        self._database = Outage("The database", "running tests go on, the rest waits until it is back", clock)
        self._truce = Truce(clock)
        self._lease = Lease(
            leadership,
            holder=config.holder,
            lease_s=config.lease_s,
            standby_s=config.standby_s,
            clock=clock,
            database=self._database,
            presence=config.presence,
        )
        loops = (
            Planner(control, durations, clock),
            Reaper(control, config.worker_silent_s, clock, self._truce),
            Settler(control),
            Outbox(control, notify, clock),
        )
        dispatcher = Dispatcher(control, hints, clock, Window(seconds=config.window_s))
        self._loops = Shift(loops, database=self._database, clock=clock)
        self._dispatching = Shift([dispatcher], database=self._database, clock=clock)
        self._watches = watches
        self._watching = [Shift([watch], database=self._database, clock=clock) for watch in watches]
        self._over = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Lead or stand by until ``stop`` is set; then give the lease back. May be called once."""
        log.info("coordinator %s starts", self._config.holder)
        dispatcher = self._start(stop, self._dispatching, "dispatcher")
        threads = [dispatcher]
        threads += [
            self._start(stop, shift, watch.name) for shift, watch in zip(self._watching, self._watches, strict=True)
        ]
        try:
            # without its dispatcher it must not keep others from leading
            while dispatcher.is_alive() and not stop.is_set():
                stop.wait(self.step(stop))
        finally:
            self._over.set()
            for thread in threads:
                thread.join(_JOIN_S)
            self._close()
            self._lease.release()
            log.info("coordinator %s stopped", self._config.holder)

    def step(self, stop: threading.Event | None = None) -> float:
        """Keep the lease and do what is due now, but for dispatching; return the seconds until the next step."""
        self._loops.work(self._keep, self._lease.lose, stop or self._over)
        if self._lease.term is None:
            return min(max(self._lease.next_try_in_s, self._config.interval_s), self._config.standby_s)
        return self._config.interval_s

    def dispatch(self) -> None:
        """Hint what is to be hinted now, if this one leads."""
        self._take_turns(self._dispatching)

    def watch(self) -> None:
        """Let the watches look at what they watch, if this one leads."""
        for shift in self._watching:
            self._take_turns(shift)

    def _take_turns(self, shift: Shift) -> None:
        shift.work(lambda: self._lease.term, self._lease.lose, self._over)

    def _start(self, stop: threading.Event, shift: Shift, name: str) -> threading.Thread:
        def go_on() -> None:
            while not (self._over.is_set() or stop.is_set()):
                self._take_turns(shift)
                self._over.wait(self._config.interval_s)

        thread = threading.Thread(target=go_on, name=name, daemon=True)
        thread.start()
        return thread

    def _close(self) -> None:
        """Let the watches of a leader keep what they know."""
        term = self._lease.term
        for watch in self._watches if term is not None else ():
            try:
                watch.close()
            except DtfError as error:
                log.warning("%s ends without keeping what it knows: %s", watch.name, error)
            except Exception:
                log.exception("%s ends without keeping what it knows", watch.name)

    def _keep(self) -> Term | None:
        try:
            term = self._lease.keep()
        except Exception:
            log.exception("the leader lease could not be asked for; trying again in %.1f s", self._config.standby_s)
            return self._lease.term
        if not self._database.under_way:
            self._truce.answered()
        return term
