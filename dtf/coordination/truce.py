"""A while in which nobody is given up."""

import logging
import threading
from typing import Final

from dtf.domain.clock import Clock

log = logging.getLogger(__name__)

#: A silence of the database so long may have kept others from saying that they live, in seconds.
SILENCE_S: Final = 3.0

#: How long a truce lasts, in seconds: workers try again every 2 s at the latest, and a try may take a while.
LASTS_S: Final = 6.0


class Truce:
    """Begins when the database answers again after a silence, whatever the reason: away, locked, or all was frozen.

    Leases ran out meanwhile that nobody could renew, and results wait on the workers' disks. Whoever is alive says so
    within a few seconds; who would be given up before that would run everything again for nothing.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._answered_at: float | None = None
        self._until = float("-inf")

    @property
    def holds(self) -> bool:
        """Whether nobody is to be given up now."""
        with self._lock:
            return self._clock.monotonic() < self._until

    def answered(self) -> None:
        """Note that the database answers; to be called several times a second while it does."""
        now = self._clock.monotonic()
        with self._lock:
            silence_s = 0.0 if self._answered_at is None else now - self._answered_at
            self._answered_at = now
            # one at a time: a database that is always slow must not keep the dead alive
            if silence_s > SILENCE_S and now >= self._until + LASTS_S:
                self._until = now + LASTS_S
                log.warning("no answer for %.0f s: leases that ran out have %.0f s more", silence_s, LASTS_S)
