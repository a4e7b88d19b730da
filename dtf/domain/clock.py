"""Where time comes from."""

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time; tests put their own in its place."""

    def now(self) -> float:
        """The wall-clock time in seconds since the epoch, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> float:
        """The wall-clock time in seconds since the epoch, UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()
