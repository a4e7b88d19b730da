"""Ctrl-C while something runs that does not unwind: it is ended from outside, and the command with it."""

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import NoReturn, Self

from dtf.cli import interruption


class HardStop:
    """Takes SIGINT and SIGTERM while the context is open, in the main thread: the command ends in the handler.

    Nothing else of the command goes on then, not even its ``finally``: what waits for a process that the same Ctrl-C
    has ended would wait there once more, and for ever.

    Args:
        end: Ends what the command has begun, in bounded time, and says what happened, without quotes. It may come at
            any moment, also in the midst of what it ends.
        end_at_once: The same without waiting for anything: for a second signal, which may come in the midst of ``end``.
    """

    def __init__(self, end: Callable[[], str], end_at_once: Callable[[], str]) -> None:
        self._end = end
        self._end_at_once = end_at_once
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        for number in interruption.SIGNALS:
            self._before[number] = signal.signal(number, self._first)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal returned

    def _first(self, _number: int, _frame: FrameType | None) -> NoReturn:
        for number in interruption.SIGNALS:
            signal.signal(number, self._second)
        interruption.leave(_told(self._end))

    def _second(self, _number: int, _frame: FrameType | None) -> NoReturn:
        interruption.leave(_told(self._end_at_once))


def _told(act: Callable[[], str]) -> str:
    try:
        return act()
    except Exception as error:  # noqa: BLE001  # raised in a handler it would land anywhere in the command
        return f"interrupted, and not everything could be ended: {type(error).__name__}"
