"""A service that cannot be reached for a while."""

import logging
import threading
from typing import Final

from dtf.domain.clock import Clock

log = logging.getLogger(__name__)

#: The first and, where nothing else is said, the longest pause between two tries, in seconds.
FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0


class Outage:
    """Says once that a service is gone and once that it is back, and spaces the tries between; for any thread.

    Attributes:
        service: What people call it.
        remedy: What is done about the outage.
    """

    def __init__(self, service: str, remedy: str, clock: Clock, longest_pause_s: float = LONGEST_PAUSE_S) -> None:
        """Build one.

        Args:
            service: What people call it.
            remedy: What is done about the outage.
            clock: The time.
            longest_pause_s: The longest pause between two tries, in seconds.
        """
        self.service = service
        self.remedy = remedy
        self._clock = clock
        self._longest_pause_s = longest_pause_s
        self._lock = threading.Lock()
        self._since: float | None = None
        self._pause_s = 0.0
        self._next_try = 0.0

    @property
    def under_way(self) -> bool:
        """Whether the last try failed."""
        with self._lock:
            return self._since is not None

    @property
    def pausing(self) -> bool:
        """Whether it is too early for the next try."""
        with self._lock:
            return self._since is not None and self._clock.monotonic() < self._next_try

    def failed(self, error: Exception) -> None:
        """Note that a try failed; the next one waits twice as long."""
        now = self._clock.monotonic()
        with self._lock:
            if self._since is None:
                self._since = now
                self._pause_s = FIRST_PAUSE_S
                log.warning("%s does not answer (%s); %s", self.service, str(error).rstrip("."), self.remedy)
            else:
                self._pause_s = min(2 * self._pause_s, self._longest_pause_s)
            self._next_try = now + self._pause_s

    def succeeded(self) -> None:
        """Note that it answers."""
        with self._lock:
            if self._since is not None:
                log.warning("%s is back after %.1f s", self.service, self._clock.monotonic() - self._since)
                self._since = None
