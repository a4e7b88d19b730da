"""The slots of a worker, and who has them."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
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
        self._table = {slot.number: slot for slot in table}
        self._free = set(self._table)
        self._held: frozenset[int] = frozenset()
        self._line: list[_Waiter] = []

    def slot(self, number: int) -> Slot:
        """The slot of a number."""
        return self._table[number]

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

    def hold(self, numbers: Iterable[int], doubts: Mapping[int, float], devices: Iterable[str] = ()) -> None:
        """Give some slots to nobody from now on, and all others again; what runs on them goes on.

        Who waits for a queue that only such slots can take gets none: others may. So it is with a queue for which all
        devices of a slot are held.

        Args:
            numbers: Those that are held.
            doubts: How probable it is that what a slot owns is bad, by number; the least doubtful is given first.
            devices: The UUIDs of the devices that are held.
        """
        self._held = frozenset(numbers)
        self._allotment.hold_devices(devices)
        self._allotment.doubt(doubts)
        for waiter in [waiter for waiter in self._line if self.holds(waiter.queue)]:
            self._line.remove(waiter)
            waiter.granted.set_result(())
        self._give_out()

    def holds(self, queue: str) -> bool:
        """Whether too many of the slots that can take the queue's shards are held for one of them."""
        return not self._allotment.suffices(queue, self._held)

    def occupy(self, numbers: Iterable[int]) -> int | None:
        """Take one of some slots, held or not, if one is free; its number, to be vacated. None: all are busy."""
        number = min(self._free.intersection(numbers), default=None)
        self._free.discard(-1 if number is None else number)
        return number

    def vacate(self, number: int) -> None:
        """Give back what was occupied."""
        self._free.add(number)
        self._give_out()

    @asynccontextmanager
    async def take(self, queue: str, gone: asyncio.Event) -> AsyncIterator[tuple[Slot, ...]]:
        """Have slots for one of the queue's shards as long as the block runs; wait for them in line.

        Args:
            queue: One that ``serves`` says yes to.
            gone: Ends the wait: whoever asked is gone. Then there are no slots, as there are none where all that
                would do are held.
        """
        waiter = _Waiter(queue, asyncio.get_running_loop().create_future())
        if self.holds(queue):
            yield ()
            return
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
        allotted = self._allotment.allot([waiter.queue for waiter in self._line], self._free - self._held)
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
