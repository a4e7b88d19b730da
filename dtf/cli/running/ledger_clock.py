"""The database's time without asking for it each time."""

from dtf.domain.clock import Clock
from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.ports.views import Views


class LedgerClock:
    """A clock that was set once by the database's, since everything in the ledger is dated by that one."""

    def __init__(self, views: Views, own: Clock) -> None:
        """Set the clock; where the database is away, by this machine's.

        Args:
            views: The ledger's reading side.
            own: This machine's clocks.
        """
        self._own = own
        try:
            self._ahead_s = views.now() - own.now()
        except LedgerUnavailableError:
            self._ahead_s = 0.0

    def now(self) -> float:
        """Seconds since the epoch, on the database's clock."""
        return self._own.now() + self._ahead_s

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        return self._own.monotonic()
