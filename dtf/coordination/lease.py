"""The coordinator's hold on the leader lease."""

import logging
import threading

from dtf.coordination.outage import Outage
from dtf.domain.clock import Clock
from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.ports.control import Leadership, Presence, Term

log = logging.getLogger(__name__)


class Lease:
    """Acquires the lease, renews it each third of its time, and gives up in time.

    Whether the lease still holds is decided by the database, at each write. The leader itself stops two thirds after
    its last renewal by its own monotonic clock, so that it is quiet before another one can lead.
    One thread keeps the lease; any may look at the term, and lose it.
    """

    def __init__(
        self,
        leadership: Leadership,
        *,
        holder: str,
        lease_s: float,
        standby_s: float,
        clock: Clock,
        database: Outage,
        presence: Presence | None = None,
    ) -> None:
        self._leadership = leadership
        self._holder = holder
        self._lease_s = lease_s
        self._standby_s = standby_s
        self._clock = clock
        self._lock = threading.Lock()
        self._term: Term | None = None
        self._renewed_at = 0.0
        self._next_try = 0.0
        self._database = database
        self._presence = presence

    @property
    def term(self) -> Term | None:
        """The term that is held; None while standing by."""
        with self._lock:
            if self._term is not None and self._clock.monotonic() - self._renewed_at >= self._lease_s * 2 / 3:
                log.warning("term %d: could not renew the lease in time; standing by", self._term.number)
                self._term = None
            return self._term

    @property
    def next_try_in_s(self) -> float:
        """Seconds until ``keep`` does something again."""
        return max(self._next_try - self._clock.monotonic(), 0.0)

    def keep(self) -> Term | None:
        """Acquire or renew the lease if that is due; return the term that is held."""
        now = self._clock.monotonic()
        if now >= self._next_try:
            self._try(now)
        return self.term

    def lose(self, term: Term) -> None:
        """Stand by, unless a later term is held by now: the ledger says that this one is over."""
        with self._lock:
            if self._term == term:
                log.warning("term %d is over; standing by", term.number)
                self._term = None
                self._next_try = self._clock.monotonic() + self._standby_s

    def release(self) -> None:
        """Give the lease back, so that a standby leads at once, and tell that this coordinator ends."""
        with self._lock:
            term, self._term = self._term, None
        if term is not None:
            self._give_back(term)
        if self._presence is not None:
            self._leave()

    def _give_back(self, term: Term) -> None:
        try:
            self._leadership.release(term)
        except LedgerUnavailableError as error:
            log.warning("term %d: the lease could not be given back (%s); it runs out by itself", term.number, error)

    def _leave(self) -> None:
        try:
            self._leadership.leave(self._holder)
        except LedgerUnavailableError as error:
            log.warning("%s could not tell that it ends (%s); it is forgotten after a day", self._holder, error)

    def _try(self, now: float) -> None:
        self._next_try = now + self._standby_s
        try:
            term = self._leadership.acquire(self._holder, self._lease_s, self._presence)
        except LedgerUnavailableError as error:
            self._database.failed(error)
            return
        self._database.succeeded()
        with self._lock:
            if term is None and self._term is not None:
                log.warning("term %d is over: another coordinator leads; standing by", self._term.number)
            if term is not None and term != self._term:
                log.info("term %d: %s leads", term.number, self._holder)
            self._term = term
            if term is not None:
                # the lease began after `now` was read, so it cannot be shorter than this counts
                self._renewed_at, self._next_try = now, now + self._lease_s / 3
