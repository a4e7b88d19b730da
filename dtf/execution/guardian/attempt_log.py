"""An attempt's log on its way to the ledger."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from dtf.domain.errors import LedgerUnavailableError

log = logging.getLogger(__name__)

#: Adds a piece with its sequence number to the ledger's copy.
Append = Callable[[int, bytes], Awaitable[None]]

_INTERVAL_S = 1.0
_PIECE = 256 * 1024


class AttemptLog:
    """Collects an attempt's log, up to a cap, and sends it on about once a second.

    What the ledger did not take stays here, and goes with the result. A piece that is sent twice has the same
    sequence number both times and changes nothing.
    """

    def __init__(self, cap: int, append: Append) -> None:
        self._cap = cap
        self._append = append
        self._size = 0
        self._cut = False
        self._sequence = 0
        self._open = bytearray()
        self._pieces: list[tuple[int, bytes]] = []

    def add(self, data: bytes) -> None:
        """Add bytes; what exceeds the cap is left out, and the place is marked."""
        if self._cut:
            return
        room = self._cap - self._size
        if len(data) > room:
            self._cut = True
            data = data[:room] + b"\n[dtf] the log ends here: it exceeds %d bytes\n" % self._cap
        self._size += len(data)
        self._open += data

    def note(self, text: str) -> None:
        """Add a line of dtf's own; it is short and exempt from the cap."""
        self._open += f"[dtf] {text}\n".encode("utf-8", "backslashreplace")

    def take(self) -> list[tuple[int, bytes]]:
        """What the ledger does not have yet, as (sequence number, bytes)."""
        while self._open:
            self._sequence += 1
            self._pieces.append((self._sequence, bytes(self._open[:_PIECE])))
            del self._open[:_PIECE]
        return list(self._pieces)

    async def send(self) -> None:
        """Send what is there."""
        for sequence, data in self.take():
            await self._append(sequence, data)
            self._pieces.remove((sequence, data))

    async def send_continually(self) -> None:
        """Send what is there, about once a second, until cancelled."""
        while True:
            await asyncio.sleep(_INTERVAL_S)
            try:
                await self.send()
            except LedgerUnavailableError:
                continue  # it stays and goes next time, at the latest with the result
            except Exception:
                log.exception("a piece of the log was refused; the log goes with the result")
                return
