"""What those who watch the laboratory look at: the ledger, and what runs now. Nothing is started."""

import threading
from collections.abc import Callable
from time import monotonic

from dtf.bootstrap.breakers import breaker_config, make_store
from dtf.bootstrap.cluster import running_broker
from dtf.bootstrap.ledger import Ledger
from dtf.breakers.store import BreakerStore
from dtf.settings import Mode, Settings

#: For how long it is taken to be known whether a cluster runs, in seconds.
_KNOWN_S = 1.0


class Laboratory:
    """The ledger, and the broker and breakers of the cluster that runs just now; safe between threads.

    The embedded cluster has another broker each time that it runs, and the ledger is there without one.

    Attributes:
        settings: dtf's.
        ledger: The ledger.
        breaker_config: How breakers are set.

    Args:
        clock: Counts seconds.

    Raises:
        SettingsError: The settings of breakers contradict each other.
    """

    def __init__(self, settings: Settings, ledger: Ledger, clock: Callable[[], float] = monotonic) -> None:
        self.settings, self.ledger = settings, ledger
        self.breaker_config = breaker_config(settings)
        self._clock = clock
        self._lock = threading.Lock()
        self._known_until = 0.0
        self._broker: str | None = None
        self._store: tuple[str, BreakerStore] | None = None

    def broker(self) -> str | None:
        """The URL of the broker; it may hold a password. None: no cluster is configured or runs."""
        with self._lock:
            return self._present_broker()

    def breakers(self) -> BreakerStore | None:
        """Where the breakers are; None: no cluster runs."""
        with self._lock:
            url = self._present_broker()
            if self._store is not None and self._store[0] != url:
                self._store[1].close()
                self._store = None
            if self._store is None and url is not None:
                self._store = url, make_store(self.settings, url)
            return self._store[1] if self._store else None

    @property
    def place(self) -> str:
        """Where it is, for people; without passwords."""
        if self.settings.mode is Mode.CLUSTER:
            shown = self.settings.shown()
            return f"broker {shown['broker_url']}, database {shown['database_url']}"
        return f"state directory {self.settings.state_dir}"

    def close(self) -> None:
        """Close what was opened for the breakers; the ledger is the caller's."""
        with self._lock:
            if self._store is not None:
                self._store[1].close()
                self._store = None

    def _present_broker(self) -> str | None:
        now = self._clock()
        if now >= self._known_until:
            self._broker, self._known_until = running_broker(self.settings), now + _KNOWN_S
        return self._broker
