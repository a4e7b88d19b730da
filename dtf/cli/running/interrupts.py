"""Ctrl-C while a run is watched: once cancels it, twice leaves at once."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Self

from dtf.cli import interruption


class Interrupts:
    """Takes SIGINT and SIGTERM while the context is open.

    Attributes:
        name: The first signal that came; empty: none yet.
    """

    def __init__(self) -> None:
        self.name = ""
        self._came = threading.Event()
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        for number in interruption.SIGNALS:
            self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.pending:  # what is done after it is the ending already
            return
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal returned

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until a signal comes; whether one has come."""
        return self._came.wait(seconds)

    @property
    def pending(self) -> bool:
        """Whether a signal has come."""
        return self._came.is_set()

    def _take(self, number: int, _frame: FrameType | None) -> None:
        interruption.hurry()  # a second time: the user wants out now
        self.name = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
        self._came.set()
