"""Carries what a process prints to where somebody reads it, in bounded memory."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress

Sink = Callable[[bytes], None]

_CHUNK = 1 << 16


class LogPump:
    """A pipe whose bytes go to a sink that can be changed.

    Without a sink the last bytes are kept for the next one. Each sink gets so many bytes and then one line that
    says that there was more: a test that prints without end fills no memory and no disk.

    Attributes:
        write_end: The descriptor for the process; close it with ``close_write_end`` once the process has it.
    """

    def __init__(self, *, per_sink: int = 1 << 20, kept: int = 1 << 16) -> None:
        self._read_end, self.write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        self._per_sink = per_sink
        self._kept = kept
        self._tail = b""
        self._waiting = b""
        self._sink: Sink | None = None
        self._budget = 0
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._read_end, self._read)
        self._closed = False

    def attach(self, sink: Sink | None) -> None:
        """Send what comes from now on, and what waits, to this sink."""
        self._sink = sink
        self._budget = self._per_sink
        if sink is not None and self._waiting:
            waiting, self._waiting = self._waiting, b""
            self._pass_on(waiting)

    def tail(self) -> str:
        """The last of what was printed."""
        if not self._closed:
            self._read()
        return self._tail.decode(errors="replace")

    def close_write_end(self) -> None:
        """Close this process's copy of the writing end."""
        os.close(self.write_end)

    def close(self) -> None:
        """Read what is left and close."""
        if self._closed:
            return
        for _ in range(64):
            if not self._read():
                break
        self._closed = True
        self._loop.remove_reader(self._read_end)
        with suppress(OSError):
            os.close(self._read_end)

    def _read(self) -> bool:
        try:
            data = os.read(self._read_end, _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(self._read_end)
            return False
        self._tail = (self._tail + data)[-self._kept :]
        self._pass_on(data)
        return True

    def _pass_on(self, data: bytes) -> None:
        if self._sink is None:
            self._waiting = (self._waiting + data)[-self._kept :]
        elif self._budget > 0:
            piece = data[: self._budget]
            self._budget -= len(data)
            self._sink(piece)
            if self._budget <= 0:
                self._sink(b"\n[dtf: more output of this process is left out]\n")
