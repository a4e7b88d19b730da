import asyncio
import json
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.memory_store import MemoryStore
from dtf.breakers.permit import Permit, Refusal
from dtf.domain.breaker import BreakerMode, BreakerState, Sign, Target
from dtf.domain.learned import Learned, LearnedGroup, LearnedTarget
from dtf.domain.shard import ClaimedShard, ShardKind
from dtf.domain.slot import Slot
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import JobSpec
from dtf.domain.work import CommandWork
from dtf.domain.worker import Device, WorkerInfo
from dtf.execution.canary import Song
from dtf.execution.guardian.announcer import Announcer
from dtf.execution.guardian.database import Database
from dtf.execution.guardian.first_look import first_look
from dtf.execution.guardian.guard import Guard
from dtf.execution.guardian.refunds import Refunds
from dtf.execution.guardian.slot_pool import SlotPool
from dtf.execution.guardian.ward import Ward
from tests.unit.execution.guardian_parts.two_browsers import BROWSERS, CHROMIUM, WORKER

GPU, CPU = Target(hardware="cuda", name="G0"), Target(hardware="cpu", name="celery@here")


class Singing:
    """Canaries that fail on what is sick, and note whom they were sent to."""

    def __init__(self) -> None:
        self.sick: set[str] = set()
        self.sung: list[str] = []
        self.song_s = 0.001

    async def sing(self, device: Device | None) -> Song:
        name = device.uuid if device else "machine"
        self.sung.append(name)
        await asyncio.sleep(self.song_s)
        return Song(what="a song", reason="out of tune" if name in self.sick else "", duration_s=0.001)


class Stage:
    """A ward over one GPU in slot 0, and two CPU slots; the breakers are real, their store is in memory."""

    def __init__(self, policy: BreakerPolicy, descriptor: int, probe_every_s: float) -> None:
        worker = WorkerInfo(
            worker_id="w",
            name="celery@here",
            host="here",
            fingerprint="f",
            pid=1,
            queues=("cuda", "cpu"),
            slots=3,
            devices=(Device(kind="cuda", name="g", uuid="G0"), Device(kind="cpu", name="c", uuid="f")),
            slot_table=(
                Slot(number=0, tags=("cuda",), devices=("G0",)),
                *(Slot(number=number, tags=("cpu",), devices=("f",)) for number in (1, 2)),
            ),
        )
        config = BreakerConfig(policy=policy, probe_every_s=probe_every_s, probe_quick_s=0.05, hold_s=5.0, copy_s=0.01)
        self.breakers = Breakers(MemoryStore(), config)
        self.slots = SlotPool(worker)
        self.canaries = Singing()
        self.ward = Ward(
            worker,
            slots=self.slots,
            breakers=self.breakers,
            canary=self.canaries,
            refunds=Refunds(cast("Any", None), Database()),
            announcer=Announcer(descriptor),
        )

    def see(self, target: Target, sign: Sign) -> None:
        """Tell the breaker of something seen on a target."""
        permit = self.breakers.acquire((target,))
        assert isinstance(permit, Permit)
        self.breakers.record(permit, sign, group="command:c", reference="s1")

    def state(self, target: Target) -> BreakerState:
        """Where the breaker of a target stands."""
        return self.breakers.states()[target].state


@contextmanager
def stage(policy: BreakerPolicy, probe_every_s: float) -> Iterator[tuple[Stage, int]]:
    """A stage, and the end of a pipe at which the worker would listen."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    try:
        yield Stage(policy, writing, probe_every_s), reading
    finally:
        os.close(reading)
        os.close(writing)


def play(
    scene: Callable[[Stage], Coroutine[Any, Any, None]],
    policy: BreakerPolicy = BreakerPolicy.CONSTANTS,
    probe_every_s: float = 0.05,
) -> list[str]:
    """Let a scene play while the ward watches; what the worker was told."""

    async def watched(made: Stage) -> None:
        watching = asyncio.create_task(made.ward.watch())
        try:
            await asyncio.wait_for(scene(made), 20)
        finally:
            await made.ward.close()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    with stage(policy, probe_every_s) as (made, reading):
        asyncio.run(watched(made))
        return os.read(reading, 65536).decode().splitlines()


async def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds; the scene's own limit bounds it."""
    while not condition():  # noqa: ASYNC110  # what is waited for tells nobody
        await asyncio.sleep(0.005)


def test_a_bad_device_is_held_and_comes_back() -> None:
    """A failure brings canaries, these open the breaker; its slot is held, the others go on, until canaries pass."""

    async def scene(made: Stage) -> None:
        made.canaries.sick.add("G0")
        made.see(GPU, Sign.INFRA)
        await made.ward.look_at((GPU,))
        assert made.slots.holds("cuda"), "in doubt, until a canary has returned"
        await until(lambda: made.state(GPU) is BreakerState.OPEN)
        assert isinstance(await made.ward.enter((GPU,)), Refusal)
        assert not made.slots.holds("cpu")
        async with made.slots.take("cuda", asyncio.Event()) as slots:
            assert slots == ()
        made.canaries.sick.clear()
        await until(lambda: made.state(GPU) is BreakerState.CLOSED)
        await until(lambda: not made.slots.holds("cuda"))
        assert set(made.canaries.sung) == {"G0"}
        assert made.slots.busy == 0

    assert [json.loads(line)["held"] for line in play(scene)][-2:] == [[0], []]


def test_a_close_elsewhere_brings_a_canary_at_once() -> None:
    """Another worker's device of the same hardware is well again: nobody waits for the time of the next probe here."""

    async def scene(made: Stage) -> None:
        made.canaries.sick.add("G0")
        made.see(GPU, Sign.INFRA)
        await until(lambda: made.state(GPU) is BreakerState.OPEN)
        sung = len(made.canaries.sung)
        await made.ward.look_at((GPU,))
        made.canaries.sick.clear()
        made.breakers.store.hasten(GPU, made.breakers.numbers.params(GPU))
        await until(lambda: made.state(GPU) is BreakerState.CLOSED)
        assert len(made.canaries.sung) > sung

    play(scene, probe_every_s=600.0)


def test_a_gpu_that_is_in_use_is_left_alone() -> None:
    """No canary disturbs an attempt on a GPU; those of the CPU run beside the worker's work."""

    async def scene(made: Stage) -> None:
        slot = Slot(number=0, tags=("cuda",), devices=("G0",))
        with made.ward.occupied((slot, Slot(number=1, tags=("cpu",)), Slot(number=2, tags=("cpu",)))):
            for target in (GPU, CPU):
                made.see(target, Sign.INFRA)
            await made.ward.look_at((GPU, CPU))
            await until(lambda: "machine" in made.canaries.sung)
            assert "G0" not in made.canaries.sung
        await until(lambda: "G0" in made.canaries.sung)

    play(scene)


def test_quarantine_ends_with_a_canary() -> None:
    """A slot in quarantine is held though its breaker is closed, and without breakers at all, until a canary passes."""

    async def scene(made: Stage) -> None:
        made.canaries.sick.add("machine")
        made.ward.hold(2, "the probe after a restart failed")
        assert made.slots.holds("cpu"), "all of the worker's slots stand on the same machine"
        await until(lambda: len(made.canaries.sung) > 1)
        assert made.slots.holds("cpu")
        (told,) = made.ward.quarantine
        assert (told.target, told.slots, told.reason) == (CPU, (1, 2), "the probe after a restart failed")
        assert 0.0 < told.for_s < 20.0
        made.canaries.sick.clear()
        await until(lambda: not made.slots.holds("cpu"))
        assert made.ward.quarantine == ()

    play(scene, BreakerPolicy.OFF)
    play(scene)


def test_an_operator_ends_quarantine() -> None:
    """A breaker that is forced closed lets work through, whatever canaries say; forced open it holds its slot."""

    async def scene(made: Stage) -> None:
        made.canaries.sick.add("G0")
        made.ward.hold(0, "it failed")
        made.breakers.store.set_mode(GPU, BreakerMode.FORCED_CLOSED)
        await until(lambda: not made.slots.holds("cuda"))
        made.breakers.store.set_mode(GPU, BreakerMode.FORCED_OPEN)
        await until(lambda: made.slots.holds("cuda"))
        sung = len(made.canaries.sung)
        await asyncio.sleep(0.2)
        assert len(made.canaries.sung) == sung, "what is forced open is not probed"

    play(scene)


def test_nothing_is_held_where_breakers_only_tell() -> None:
    """By metrics alone an open breaker refuses nothing; canaries look nevertheless."""

    async def scene(made: Stage) -> None:
        made.canaries.sick.add("G0")
        for _ in range(4):
            made.see(GPU, Sign.INFRA)
        await until(lambda: made.state(GPU) is not BreakerState.CLOSED)
        await made.ward.look_at((GPU,))
        assert not made.slots.holds("cuda")
        assert isinstance(await made.ward.enter((GPU,)), Permit)

    play(scene, BreakerPolicy.METRICS)


def test_a_shard_is_left_to_a_better_worker() -> None:
    """Only what has no retry left to lose, and where another target of its hardware takes work and is less in doubt."""

    async def scene(made: Stage) -> None:
        made.see(GPU, Sign.INFRA)
        await until(lambda: isinstance(made.breakers.acquire((GPU,)), Permit))
        permit = await made.ward.enter((GPU,))
        assert isinstance(permit, Permit)
        assert not await made.ward.spares(last_claim("s1"), permit), "there is no other"
        other = Target(hardware="cuda", name="G1")
        made.see(other, Sign.WORKED)
        assert not await made.ward.spares(last_claim("s1", max_retries=1), permit)
        sung = len(made.canaries.sung)
        assert await made.ward.spares(last_claim("s1"), permit)
        await until(lambda: len(made.canaries.sung) > sung)
        assert await made.ward.spares(last_claim("s1"), permit)
        assert not await made.ward.spares(last_claim("s1"), permit), "twice"
        made.breakers.store.set_mode(other, BreakerMode.FORCED_OPEN)
        assert not await made.ward.spares(last_claim("s2"), permit)

    play(scene)


def last_claim(shard_id: str, max_retries: int = 0) -> ClaimedShard:
    """A shard that has not failed yet."""
    source = Source(kind=SourceKind.PATH, location="/")
    job = JobSpec(name="c", work=CommandWork(argv=("true",)), source=source, max_retries=max_retries)
    return ClaimedShard(shard_id=shard_id, attempt=1, run_id="r", job_id="j", job=job, kind=ShardKind.RUN)


def test_a_canary_that_is_ended_says_nothing() -> None:
    """When the worker stops, a canary under way is no evidence; its slot and its permit are free, and none follow."""

    async def scene(made: Stage) -> None:
        made.canaries.song_s = 60.0
        made.see(GPU, Sign.INFRA)
        await until(lambda: made.canaries.sung and made.breakers.states()[GPU].permits)
        before = made.breakers.states()[GPU]
        await made.ward.close()
        after = made.breakers.states()[GPU]
        assert (after.pieces, after.permits, made.slots.busy) == (before.pieces, {}, 0)
        made.ward.look_soon()
        await asyncio.sleep(0.1)
        assert len(made.canaries.sung) == 1

    play(scene)


def test_a_verdict_is_waited_for() -> None:
    """A canary is sent to what nobody doubts when somebody asks; its result is evidence."""

    async def scene(made: Stage) -> None:
        made.canaries.sick.add("G0")
        await made.ward.verdict(GPU, 10.0)
        assert made.canaries.sung[0] == "G0"
        await until(lambda: made.state(GPU) is BreakerState.OPEN)

    play(scene)


def test_a_canary_goes_ahead_of_a_long_shard() -> None:
    """Where the doubt would cost more than the canary; one that fails keeps the shard from what it found bad."""

    async def scene(made: Stage) -> None:
        store = made.breakers.store
        store.publish(
            Learned(
                at=store.now(),
                targets={str(GPU): LearnedTarget(evidence=100)},
                groups={
                    "command:c": LearnedGroup(duration_log_mean=6.0, duration_log_sd=0.5, evidence=50),
                    "command:short": LearnedGroup(duration_log_mean=-5.0, duration_log_sd=0.5, evidence=50),
                },
            )
        )
        permit = await made.ward.enter((GPU,))
        assert isinstance(permit, Permit)
        assert 0.01 < permit.bad < 0.05, "nobody has looked at it yet"
        assert await first_look(made.ward, last_claim("s1"), permit) is None
        sung = len(made.canaries.sung)
        assert sung
        short = replace(last_claim("s2"), job=replace(last_claim("s2").job, name="short"))
        assert await first_look(made.ward, short, permit) is None
        assert len(made.canaries.sung) == sung
        made.canaries.sick.add("G0")
        assert await first_look(made.ward, last_claim("s3"), permit) == GPU
        assert isinstance(await made.ward.enter((GPU,)), Refusal)

    play(scene, BreakerPolicy.LEARNED)


def test_nobody_looks_while_a_probe_by_work_asks_for_a_rest() -> None:
    """Work that failed in a canary's place: the canary that follows waits for as long as the work said."""

    async def scene(made: Stage) -> None:
        async def serve(guard: Guard, _slot: Slot, permit: Permit) -> bool:
            made.breakers.give_back(permit)
            guard.rest_s = 100.0
            return True

        made.canaries.sick.add("G0")
        made.see(GPU, Sign.INFRA)
        await made.ward.look_at((GPU,))
        await until(lambda: made.state(GPU) is BreakerState.OPEN)
        made.ward.have_stand_ins(cast("Any", SimpleNamespace(serve=serve)))
        guard = made.ward._guards[GPU]
        await until(lambda: guard.canary_at > asyncio.get_running_loop().time() + 50.0 and not guard.canary)
        sung = len(made.canaries.sung)
        for _ in range(20):
            made.ward.look_soon()
            await asyncio.sleep(0.01)
        assert len(made.canaries.sung) == sung
        assert guard.rest_s == 0.0

    play(scene)


def test_traces_of_doubt_do_not_change_a_browser() -> None:
    """Of a slot's browsers the first is used until another is clearly in less doubt: a job's shards stay together."""
    breakers = Breakers(MemoryStore(), BreakerConfig(copy_s=0.01))
    with Path(os.devnull).open("wb") as nowhere:
        ward = Ward(
            WORKER,
            slots=SlotPool(WORKER),
            breakers=breakers,
            canary=Singing(),
            refunds=Refunds(cast("Any", None), Database()),
            announcer=Announcer(nowhere.fileno()),
        )
    order = []
    for bad in (0.0, 0.01, 0.3):
        ward._guards[CHROMIUM].bad = bad
        order.append(tuple(device.name for device in ward.healthiest(BROWSERS)))
    assert order == [("chromium", "firefox"), ("chromium", "firefox"), ("firefox", "chromium")]
