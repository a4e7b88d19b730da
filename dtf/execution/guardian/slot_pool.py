"""The slots of a worker, and who has them."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from dtf.domain.match import table_of
from dtf.domain.slot import Slot
from dtf.domain.worker import WorkerInfo
from dtf.scheduling.allotment import Allotment


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    queue: str
    granted: asyncio.Future[tuple[Slot, ...]]


class SlotPool:
    """The slots of a worker, and who has them. ``Allotment`` says who is next.

    Attributes:
        size: How many slots there are.
    """

    def __init__(self, worker: WorkerInfo) -> None:
        table = table_of(worker)
        self.size = len(table)
        self._allotment = Allotment(worker)
        self._free = {slot.number for slot in table}
        self._line: list[_Waiter] = []

    @property
    def busy(self) -> int:
        """How many run something."""
        return self.size - len(self._free)

    def serves(self, queue: str) -> bool:
        """Whether shards of the queue can run here at all."""
        return bool(self.slots_of(queue))

    def slots_of(self, queue: str) -> Sequence[Slot]:
        """The slots that can take the queue's shards."""
        return self._allotment.fitting(queue)

    def know(self, queues: Iterable[str]) -> None:
        """Say which queues hold work now, so that what few of them can use is given out last."""
        self._allotment.know(queues)

    @asynccontextmanager
    async def take(self, queue: str, gone: asyncio.Event) -> AsyncIterator[tuple[Slot, ...]]:
        """Have slots for one of the queue's shards as long as the block runs; wait for them in line.

        Args:
            queue: One that ``serves`` says yes to.
            gone: Ends the wait: whoever asked is gone. Then there are no slots.
        """
        waiter = _Waiter(queue, asyncio.get_running_loop().create_future())
        self._line.append(waiter)
        self._give_out()
        try:
            await _either(waiter.granted, gone)
            if waiter in self._line:
                self._leave(waiter)
            yield waiter.granted.result() if waiter.granted.done() else ()
        finally:
            if waiter in self._line:
                self._leave(waiter)
            if waiter.granted.done():
                self._free.update(slot.number for slot in waiter.granted.result())
                self._give_out()

    def _leave(self, waiter: _Waiter) -> None:
        self._line.remove(waiter)
        self._give_out()  # what was kept back for it

    def _give_out(self) -> None:
        allotted = self._allotment.allot([waiter.queue for waiter in self._line], self._free)
        served = [(self._line[place], slots) for place, slots in allotted.grants.items()]
        for waiter, slots in served:
            self._line.remove(waiter)
            self._free.difference_update(slot.number for slot in slots)
            waiter.granted.set_result(slots)


async def _either(granted: asyncio.Future[tuple[Slot, ...]], gone: asyncio.Event) -> None:
    if granted.done():
        return
    leaving = asyncio.create_task(gone.wait())
    try:
        await asyncio.wait((granted, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
