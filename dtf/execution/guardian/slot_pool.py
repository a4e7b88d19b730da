"""The slots of a worker, and who has them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class SlotPool:
    """The slots of a worker, and who has them. The lowest free one is given out, so that few stay warm under low load.

    Attributes:
        size: How many slots there are.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._free = set(range(size))
        self._changed = asyncio.Condition()

    @property
    def busy(self) -> int:
        """How many run something."""
        return self.size - len(self._free)

    @asynccontextmanager
    async def take(self) -> AsyncIterator[int]:
        """Have a slot for as long as the block runs; wait while there is none."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._free))
            slot = min(self._free)
            self._free.remove(slot)
        try:
            yield slot
        finally:
            self._free.add(slot)
            async with self._changed:
                self._changed.notify()
