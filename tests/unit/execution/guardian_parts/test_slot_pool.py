import asyncio
from collections.abc import Coroutine
from typing import Any

from dtf.domain.slot import Slot
from dtf.domain.worker import Device, WorkerInfo
from dtf.execution.guardian.slot_pool import SlotPool


def pool(gpus: int = 2) -> SlotPool:
    """Slots of as many GPUs, and one of the CPU after them."""
    devices = tuple(Device(kind="cuda", name="g", uuid=f"G{number}") for number in range(gpus))
    slots = [Slot(number=n, tags=("cuda",), devices=(device.uuid,)) for n, device in enumerate(devices)]
    slots.append(Slot(number=gpus, tags=("cpu",), devices=("host",)))
    return SlotPool(
        WorkerInfo(
            worker_id="w",
            name="w",
            host="h",
            fingerprint="host",
            pid=1,
            queues=("cuda", "cpu"),
            slots=len(slots),
            devices=(*devices, Device(kind="cpu", name="c", uuid="host")),
            slot_table=tuple(slots),
        )
    )


class Job:
    """Holds slots until it is told to end."""

    def __init__(self, slots: SlotPool, queue: str) -> None:
        self.held: list[int] | None = None
        self.gone, self._done = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(self._hold(slots, queue))

    async def _hold(self, slots: SlotPool, queue: str) -> None:
        async with slots.take(queue, self.gone) as got:
            self.held = [slot.number for slot in got]
            await self._done.wait()

    async def end(self) -> None:
        self._done.set()
        await self._task

    async def cancel(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def play(scene: Coroutine[Any, Any, None]) -> None:
    """Let a scene play, for a few seconds at most."""
    asyncio.run(asyncio.wait_for(scene, 10))


async def settle() -> None:
    """Let everybody have his turn."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_a_waiter_holds_up_nobody_of_another_kind() -> None:
    """Who waits for a GPU does not keep the CPU idle, and gets the GPU when it is free."""

    async def scene() -> None:
        slots = pool(1)
        first, second, third = Job(slots, "cuda"), Job(slots, "cuda"), Job(slots, "cpu")
        await settle()
        assert (first.held, second.held, third.held, slots.busy) == ([0], None, [1], 2)
        await first.end()
        await settle()
        assert second.held == [0]
        await second.end()
        await third.end()
        assert slots.busy == 0

    play(scene())


def test_two_devices_are_kept_back() -> None:
    """Who needs two devices gets the first one that is free reserved; those behind wait until he has both."""

    async def scene() -> None:
        slots = pool()
        first, second = Job(slots, "cuda"), Job(slots, "cuda")
        await settle()
        both, behind = Job(slots, "cuda[devices=2]"), Job(slots, "cuda")
        await first.end()
        await settle()
        assert (both.held, behind.held, slots.busy) == (None, None, 1)
        await second.end()
        await settle()
        assert (both.held, behind.held) == ([0, 1], None)
        await both.end()
        await settle()
        assert behind.held == [0]
        await behind.end()

    play(scene())


def test_whoever_goes_keeps_nothing_back() -> None:
    """A child that dies, or a request that is cancelled, while it waits leaves what was kept for it to the next."""

    async def scene() -> None:
        slots = pool()
        running = Job(slots, "cuda")
        await settle()
        dead, cancelled, next_one = Job(slots, "cuda[devices=2]"), Job(slots, "cuda[devices=2]"), Job(slots, "cuda")
        await settle()
        dead.gone.set()
        await settle()
        assert (dead.held, next_one.held) == ([], None)
        await cancelled.cancel()
        await settle()
        assert next_one.held == [1]
        for job in (dead, running, next_one):
            await job.end()
        assert slots.busy == 0

    play(scene())


def test_held_slots_are_given_to_nobody() -> None:
    """Who waits for held slots alone is let go without any; what is held can still be occupied for a canary."""

    async def scene() -> None:
        slots = pool()
        running = Job(slots, "cuda")
        await settle()
        both, waiting = Job(slots, "cuda[devices=2]"), Job(slots, "cuda")
        await settle()
        slots.hold((1,), {})
        await settle()
        assert (both.held, waiting.held) == ([], None), "one device is left, for which one waits"
        assert slots.occupy((1,)) == 1
        assert slots.occupy((0, 1)) is None
        slots.hold((0, 1), {})
        await settle()
        assert (waiting.held, slots.holds("cuda"), slots.holds("cpu"), slots.busy) == ([], True, False, 2)
        await running.end()
        late = Job(slots, "cuda")
        await settle()
        assert late.held == []
        slots.vacate(1)
        slots.hold((), {0: 0.2})
        sound = Job(slots, "cuda")
        await settle()
        assert sound.held == [1], "the slot that is less in doubt"
        for job in (both, waiting, late, sound):
            await job.end()
        assert slots.busy == 0

    play(scene())


def test_what_it_serves() -> None:
    """A queue is served when there are devices enough that satisfy it."""

    async def scene() -> None:
        slots = pool()
        queues = ("cpu", "cuda[devices=2]", "cuda[devices=3]", "cuda[vram_gb>=1]", "rocm", "")
        assert [slots.serves(queue) for queue in queues] == [True, True, False, False, False, False]

    play(scene())
