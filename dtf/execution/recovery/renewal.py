"""Replaces everything that a worker keeps, slot by slot, without disturbing what runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from dtf.execution.recovery.seams import Slots

log = logging.getLogger(__name__)

#: How often a busy slot is looked at again, in seconds.
_LOOK_S: Final = 0.25
#: So long a slot may take to finish what it has, in seconds.
DRAIN_S: Final = 300.0


class Renewal:
    """Drains and replaces a worker's pool, beside its work.

    Each slot finishes what it has, is given to nobody while all that is kept on it is ended, and is given out again.
    At the end the worker's main process is asked for new Celery children. One renewal runs at a time.
    """

    def __init__(
        self,
        numbers: Sequence[int],
        *,
        slots: Slots,
        end: Callable[[Sequence[int]], Awaitable[None]],
        ask_for_children: Callable[[], None],
    ) -> None:
        """Build one.

        Args:
            numbers: All slots of the worker.
            slots: Who has them.
            end: Ends what is kept on some of them.
            ask_for_children: Asks the worker's main process for new Celery children.
        """
        self._numbers = tuple(numbers)
        self._slots = slots
        self._end = end
        self._ask_for_children = ask_for_children
        self._running: asyncio.Task[None] | None = None

    def begin(self, done: Sequence[int]) -> int:
        """Begin, unless one is under way.

        Args:
            done: Slots on which everything is new already.

        Returns:
            How many slots are to be taken for it.
        """
        if self._running is not None and not self._running.done():
            return 0
        left = [number for number in self._numbers if number not in done]
        self._running = asyncio.create_task(self._run(left))
        return len(left)

    async def close(self) -> None:
        """End the one that is under way, where it is."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self, numbers: Sequence[int]) -> None:
        try:
            renewed = await asyncio.gather(*(self._renew(number) for number in numbers))
            self._ask_for_children()
            log.warning("the worker's pool was replaced: %d of %d other slots are new", sum(renewed), len(numbers))
        except Exception:
            log.exception("the worker's pool cannot be replaced")

    async def _renew(self, number: int) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + DRAIN_S
        while self._slots.occupy((number,)) is None:
            if loop.time() > deadline:
                log.warning("slot %d goes on as it is: it was busy for %.0f s", number, DRAIN_S)
                return False
            await asyncio.sleep(_LOOK_S)
        try:
            await self._end((number,))
        finally:
            self._slots.vacate(number)
        return True
