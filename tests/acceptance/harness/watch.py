"""What the ledger held, moment by moment, while something else is looked at."""

import threading
from types import TracebackType
from typing import Self

from dtf.bootstrap.ledger import Ledger
from dtf.domain.ports.monitor import Moment

_EVERY_S = 0.1


class Watch(threading.Thread):
    """Looks into the ledger as often as it can, in a block.

    Attributes:
        moments: What it saw, the oldest first.
    """

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(name="watch", daemon=True)
        self._ledger, self._ended = ledger, threading.Event()
        self.moments: list[Moment] = []

    def run(self) -> None:
        """Look until the block ends."""
        while not self._ended.wait(_EVERY_S):
            self.moments.append(self._ledger.monitor.moment())

    def __enter__(self) -> Self:
        self.moments.append(self._ledger.monitor.moment())
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self.join()
        self.moments.append(self._ledger.monitor.moment())

    def around(self, at: float, before_s: float, after_s: float) -> list[Moment]:
        """What it saw near a moment, and the looks just before and after that: nothing between is missing."""
        first = max((n for n, one in enumerate(self.moments) if one.as_of <= at - before_s), default=0)
        last = min((n for n, one in enumerate(self.moments) if one.as_of >= at + after_s), default=len(self.moments))
        return self.moments[first : last + 1]
