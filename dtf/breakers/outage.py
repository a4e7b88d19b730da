"""What a process does while the shared store is away."""

import logging
from time import monotonic

from dtf.breakers.errors import StoreUnavailableError
from dtf.breakers.memory_store import MemoryStore

_log = logging.getLogger(__name__)

#: A try that took long (a server that hangs) is repeated after so many times as long, so that waiting stays rare.
_PATIENCE = 5


class Outage:
    """Whether the shared store is away, when it is tried again, and the breakers that stand in for it.

    While it is away each process has breakers of its own, by failures in a row, which begin closed.

    Args:
        away_s: How long to leave it alone at least after a failure.
    """

    def __init__(self, away_s: float) -> None:
        self._away_s = away_s
        self._again_at: float | None = None
        self.local = MemoryStore()

    @property
    def is_on(self) -> bool:
        """Whether the shared store did not answer the last time."""
        return self._again_at is not None

    def is_due(self) -> bool:
        """Whether the shared store is to be tried: it was not away, or long enough. One caller at a time gets a yes."""
        if self._again_at is None:
            return True
        now = monotonic()
        if now < self._again_at:
            return False
        self._again_at = now + self._away_s
        return True

    def began(self, error: StoreUnavailableError, took_s: float) -> None:
        """The shared store did not answer."""
        if self._again_at is None:
            self.local = MemoryStore()
            _log.warning("%s; this process decides by its own fixed breakers until it is back", error)
        self._again_at = monotonic() + max(self._away_s, _PATIENCE * took_s)

    def ended(self) -> None:
        """The shared store answered."""
        if self._again_at is not None:
            self._again_at = None
            _log.info("the breakers' store is back")
