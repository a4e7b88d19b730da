"""Carries a program's output away while it runs."""

import asyncio
import os
from collections.abc import Callable
from types import TracebackType
from typing import Self

_CHUNK = 64 * 1024
#: How much may still be in the pipe when everything that could write is gone.
_LAST_CHUNKS = 64


class OutputPump:
    """A pipe whose content is handed on as it comes, in bounded pieces; a program that writes faster waits.

    Attributes:
        write_end: The descriptor for the program.
    """

    def __init__(self, sink: Callable[[bytes], None]) -> None:
        self._sink = sink
        self._read_end, self.write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        self._open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_write_end()
        if self._open:
            asyncio.get_running_loop().remove_reader(self._read_end)
        os.close(self._read_end)

    def start(self) -> None:
        """Begin; the program has its copy of the write end."""
        self._close_write_end()
        asyncio.get_running_loop().add_reader(self._read_end, self._carry)

    async def finish(self) -> None:
        """Carry away what is left. A process that dtf does not know may hold the pipe open: no end is waited for."""
        for _ in range(_LAST_CHUNKS):
            if not self._open or not self._carry():
                return
            await asyncio.sleep(0)

    def _carry(self) -> bool:
        try:
            data = os.read(self._read_end, _CHUNK)
        except BlockingIOError:
            return False
        if data:
            self._sink(data)
            return True
        asyncio.get_running_loop().remove_reader(self._read_end)
        self._open = False
        return False

    def _close_write_end(self) -> None:
        if self.write_end >= 0:
            os.close(self.write_end)
            self.write_end = -1
