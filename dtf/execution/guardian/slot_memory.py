"""How much memory the processes of each slot have, for the worker's heartbeat."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Protocol

log = logging.getLogger(__name__)


class Weigher(Protocol):
    """Knows the processes of each slot."""

    def memory_of_slots(self) -> Mapping[int, int]:
        """The resident memory of each slot's processes in bytes, by the slot's number."""
        ...


class SlotMemory:
    """Weighs the processes of each slot now and then: all of ``/proc`` is read for it, and no heartbeat waits for that.

    Attributes:
        latest: As ``WorkerLoad`` has it.
    """

    def __init__(self, weigher: Weigher) -> None:
        self.latest: dict[str, int] = {}
        self._weigher = weigher

    async def look_continually(self, interval_s: float) -> None:
        """Look until cancelled.

        Args:
            interval_s: Seconds between two looks.
        """
        while True:
            try:
                found = await asyncio.to_thread(self._weigher.memory_of_slots)
            except Exception:
                log.exception("the memory of the slots cannot be had")
                found = {}
            self.latest = {str(slot): size for slot, size in found.items()}
            await asyncio.sleep(interval_s)
