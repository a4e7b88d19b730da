"""What becomes of a browser slot's work while one of its browsers is held: the real ward, slots and intake."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerConfig
from dtf.breakers.memory_store import MemoryStore
from dtf.domain.breaker import BreakerMode
from dtf.domain.slot import Slot
from dtf.execution.guardian.announcer import Announcer
from dtf.execution.guardian.database import Database
from dtf.execution.guardian.refunds import Refunds
from dtf.execution.guardian.slot_pool import SlotPool
from dtf.execution.guardian.ward import Ward
from dtf.execution.intake import Intake
from tests.unit.execution.guardian_parts.two_browsers import CHROMIUM, FIREFOX, WORKER

ANY, ONLY_CHROMIUM, ONLY_FIREFOX = QUEUES = ["webgpu", "webgpu[browser=chromium]", "webgpu[browser=firefox]"]


class Worker:
    """A guardian's ward and slots, and the intake of the worker's main process, which hears what the ward says."""

    def __init__(self, hearing: int, speaking: int) -> None:
        self.breakers = Breakers(MemoryStore(), BreakerConfig(copy_s=0.0))
        self.slots = SlotPool(WORKER)
        self.ward = Ward(
            WORKER,
            slots=self.slots,
            breakers=self.breakers,
            canary=cast("Any", None),  # what is forced is not looked at
            refunds=Refunds(cast("Any", None), Database()),
            announcer=Announcer(speaking),
        )
        self._intake, self._hearing = Intake(WORKER, "dtf.run_shard"), hearing

    async def force(self, **modes: BreakerMode) -> None:
        """Have an operator order something of browsers' breakers, and the guardian see it."""
        for target in (CHROMIUM, FIREFOX):
            if mode := modes.get(target.name.removesuffix("-id")):
                self.breakers.store.set_mode(target, mode)
        await self.ward.look_at((CHROMIUM, FIREFOX))

    def takes(self) -> list[str]:
        """From which queues the next hint may be taken; the guardian holds all others."""
        for line in os.read(self._hearing, 65536).splitlines():
            self._intake.hear(line)
        taken = list(self._intake.admit(QUEUES, []))
        assert [queue for queue in QUEUES if not self.slots.holds(queue)] == taken
        return taken


@contextmanager
def working() -> Iterator[Worker]:
    """A worker, while the block runs."""
    hearing, speaking = os.pipe()
    os.set_blocking(hearing, False)
    try:
        yield Worker(hearing, speaking)
    finally:
        os.close(hearing)
        os.close(speaking)


def test_no_hint_is_taken_for_a_browser_that_is_held() -> None:
    """It would be put back, and travel in circles for as long as the breaker is open; the others' are taken."""

    async def scene(worker: Worker) -> None:
        await worker.force(chromium=BreakerMode.FORCED_OPEN)
        assert worker.takes() == [ANY, ONLY_FIREFOX]
        await worker.force(firefox=BreakerMode.FORCED_OPEN)
        assert worker.takes() == []
        await worker.force(chromium=BreakerMode.AUTO)
        assert worker.takes() == [ANY, ONLY_CHROMIUM]
        await worker.force(firefox=BreakerMode.AUTO)
        assert worker.takes() == QUEUES

    with working() as worker:
        asyncio.run(scene(worker))


def test_who_waits_for_it_is_let_go() -> None:
    """Whoever wants another browser of the slot stays in line, and gets it."""

    async def scene(worker: Worker) -> None:
        nobody_goes = asyncio.Event()

        async def wait_for(queue: str) -> tuple[Slot, ...]:
            async with worker.slots.take(queue, nobody_goes) as slots:
                return slots

        async with worker.slots.take(ANY, nobody_goes):
            one, other = (asyncio.create_task(wait_for(queue)) for queue in (ONLY_CHROMIUM, ONLY_FIREFOX))
            await asyncio.sleep(0)
            await worker.force(chromium=BreakerMode.FORCED_OPEN)
            assert await asyncio.wait_for(one, 10) == ()
            assert not other.done()
        assert await asyncio.wait_for(other, 10) == WORKER.slot_table

    with working() as worker:
        asyncio.run(scene(worker))
