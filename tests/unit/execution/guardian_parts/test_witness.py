import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerConfig, BreakerPolicy
from dtf.breakers.memory_store import MemoryStore
from dtf.breakers.permit import Permit
from dtf.domain.breaker import BreakerState, Sign, Target
from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.outcome import Outcome
from dtf.domain.shard import AttemptResult, ClaimedShard, ShardKind
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import JobSpec
from dtf.domain.work import CommandWork
from dtf.domain.worker import Device, WorkerInfo
from dtf.execution.canary import Song
from dtf.execution.guardian.announcer import Announcer
from dtf.execution.guardian.database import Database
from dtf.execution.guardian.refunds import Refunds
from dtf.execution.guardian.slot_pool import SlotPool
from dtf.execution.guardian.ward import Ward
from dtf.execution.guardian.witness import Witness
from dtf.resilience.recovery import Circumstances

CPU = Target(hardware="cpu", name="celery@here")
KILLED = "killed by SIGKILL, which dtf did not send (out of memory, or somebody's kill -9)"


class Singing:
    """Canaries that pass or fail."""

    def __init__(self) -> None:
        self.reason = ""
        self.count = 0

    async def sing(self, device: Device | None) -> Song:  # noqa: ARG002  # there is only one
        self.count += 1
        return Song(what="a song", reason=self.reason, duration_s=0.01)


class Refunding:
    """The ledger, as far as a witness needs it."""

    def __init__(self) -> None:
        self.refunded: list[str] = []
        self.away = False

    def refund(self, shard_ids: Sequence[str]) -> int:
        if self.away:
            raise LedgerUnavailableError
        self.refunded += shard_ids
        return len(shard_ids)


@dataclass
class Tried:
    """An attempt at a shard of its own, with the permit under which it runs."""

    claim: ClaimedShard
    permit: Permit | None
    hardware: str = "cpu"
    targets: tuple[Target, ...] = field(default=(CPU,))


class Court:
    """A witness over one CPU slot; the breakers are real, their store is in memory."""

    def __init__(self, policy: BreakerPolicy, descriptor: int) -> None:
        worker = self.worker = WorkerInfo(
            worker_id="w", name="celery@here", host="h", fingerprint="f", pid=1, queues=("cpu",), slots=1
        )
        self.stops = False
        self.breakers = Breakers(MemoryStore(), BreakerConfig(policy=policy, hold_s=5.0, copy_s=0.01))
        self.canaries, self.ledger = Singing(), Refunding()
        self.database = Database()
        self.refunds = Refunds(cast("Any", self.ledger), self.database)
        ward = Ward(
            worker,
            slots=SlotPool(worker),
            breakers=self.breakers,
            canary=self.canaries,
            refunds=self.refunds,
            announcer=Announcer(descriptor),
        )
        self.ward, self.witness = ward, Witness(ward, stops=lambda: self.stops)

    def tried(self, shard_id: str, *, max_retries: int = 3, crashes: int = 0, name: str = "c") -> Tried:
        """An attempt that may run."""
        permit = self.breakers.acquire((CPU,))
        job = JobSpec(
            name=name,
            work=CommandWork(argv=("true",)),
            source=Source(kind=SourceKind.PATH, location="/"),
            max_retries=max_retries,
        )
        claim = ClaimedShard(
            shard_id=shard_id, attempt=1, run_id="r", job_id="j", job=job, kind=ShardKind.RUN, crashes=crashes
        )
        return Tried(claim, permit if isinstance(permit, Permit) else None)

    @property
    def state(self) -> BreakerState:
        """How the slot's breaker stands."""
        return self.breakers.states()[CPU].state

    @property
    def told(self) -> list[tuple[Sign, str]]:
        """What jobs have said, and of which groups."""
        heard = self.breakers.store.heard("", 100)[1]
        return [(record.sign, record.job_group) for record in heard if record.job_group]

    def bad(self) -> float:
        """How bad the slot's target is believed to be."""
        return self.breakers.states()[CPU].belief.bad

    async def testify(self, tried: Tried, outcome: Outcome, **more: Any) -> Circumstances:
        """Tell what an attempt came to."""
        shard_id = tried.claim.shard_id
        result = AttemptResult(shard_id=shard_id, attempt=1, worker_id="w", slot=0, outcome=outcome, **more)
        return await asyncio.wait_for(self.witness.testify(tried, result), 10)


def play(scene: Callable[[Court], Coroutine[Any, Any, None]], policy: BreakerPolicy = BreakerPolicy.CONSTANTS) -> None:
    """Let a scene play while the ward watches."""

    async def watched(court: Court) -> None:
        watching = asyncio.create_task(court.ward.watch())
        try:
            await asyncio.wait_for(scene(court), 20)
        finally:
            await court.ward.close()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    with Path(os.devnull).open("wb") as nobody:
        court = Court(policy, nobody.fileno())
        try:
            asyncio.run(watched(court))
        finally:
            court.database.close()


async def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds; the scene's own limit bounds it."""
    while not condition():  # noqa: ASYNC110  # what is waited for tells nobody
        await asyncio.sleep(0.005)


def test_a_verdict_on_the_code_is_no_evidence_against_the_device() -> None:
    """Assertions that fail say that the device works; who was given back or cancelled says nothing."""

    async def scene(court: Court) -> None:
        tried = court.tried("s")
        before = court.bad()
        await court.testify(tried, Outcome.PASSED)
        for outcome in (Outcome.PASSED, Outcome.FAILED):
            assert await court.testify(court.tried("s"), outcome) == Circumstances(hardware="cpu")
        told = court.bad()
        assert told < before
        await court.testify(court.tried("s"), Outcome.CANCELLED)
        await court.testify(court.tried("s"), Outcome.INFRA, crashed=False)
        assert court.bad() >= told
        assert court.breakers.states()[CPU].pieces == 0
        assert court.canaries.count == 0

    play(scene)


def test_the_last_retry_is_lost_to_no_bad_device() -> None:
    """A trusted device under a shard without retries: a canary that fails takes the blame from the shard."""

    async def scene(court: Court) -> None:
        for _ in range(8):
            await court.testify(court.tried("s"), Outcome.PASSED)
        court.canaries.reason = "out of tune"
        place = await court.testify(court.tried("last", max_retries=0), Outcome.INFRA)
        assert court.canaries.count >= 1
        assert place.forgives

    play(scene)


def test_the_last_retry_is_lost_where_the_device_is_well() -> None:
    """A canary that passes leaves the blame where it is; whoever has retries left does not wait for one."""

    async def scene(court: Court) -> None:
        for _ in range(8):
            await court.testify(court.tried("s"), Outcome.PASSED)
        assert not (await court.testify(court.tried("first"), Outcome.INFRA)).forgives
        for _ in range(8):
            await court.testify(court.tried("s"), Outcome.PASSED)
        place = await court.testify(court.tried("last", max_retries=2, crashes=2), Outcome.INFRA)
        assert court.canaries.count >= 1
        assert not place.forgives

    play(scene)


def test_what_kills_itself_is_not_forgiven() -> None:
    """One failure makes a device that nobody knows look bad; canaries that pass leave the failure to its shard."""

    async def scene(court: Court) -> None:
        for number in range(2):
            place = await court.testify(court.tried(f"s{number}"), Outcome.INFRA)
            assert not place.forgives
        assert court.canaries.count >= 2

    play(scene)


def test_a_command_that_kills_itself_opens_nothing() -> None:
    """Eight at a time of one group: crashes, each followed by a canary that passes, and none is forgiven."""

    async def scene(court: Court) -> None:
        tried = [court.tried(f"s{number}") for number in range(8)]
        places = await asyncio.gather(*(court.testify(one, Outcome.INFRA, reason=KILLED) for one in tried))
        assert not any(place.forgives for place in places)
        assert court.told == [(Sign.CRASH, "command:c")] * 8
        await until(lambda: court.canaries.count)
        last = await court.testify(court.tried("last", max_retries=0), Outcome.INFRA, reason=KILLED)
        assert not last.forgives
        assert (court.state, court.breakers.states()[CPU].epoch) == (BreakerState.CLOSED, 0)

    for policy in (BreakerPolicy.CONSTANTS, BreakerPolicy.FIXED):
        play(scene, policy)


def test_a_device_that_kills_whatever_runs_there_is_found() -> None:
    """Its canaries too: one job. Its jobs alone: three of different groups, whatever canaries say."""

    async def canaries_too(court: Court) -> None:
        court.canaries.reason = "it ended by SIGKILL"
        await court.testify(court.tried("s"), Outcome.INFRA, reason=KILLED)
        await until(lambda: court.state is BreakerState.OPEN)

    async def jobs_alone(court: Court) -> None:
        tried = [court.tried(f"s{name}", name=name) for name in "abc"]
        await asyncio.gather(*(court.testify(one, Outcome.INFRA, reason=KILLED) for one in tried))
        assert [sign for sign, _ in court.told] == [Sign.CRASH, Sign.INFRA, Sign.INFRA]
        assert court.breakers.states()[CPU].epoch >= 1

    play(canaries_too)
    play(canaries_too, BreakerPolicy.FIXED)
    play(jobs_alone)


def test_the_last_retry_of_what_is_killed_is_lost_to_no_bad_device() -> None:
    """Canaries look before it is lost, although a kill alone makes nothing suspect."""

    async def scene(court: Court) -> None:
        court.canaries.reason = "it ended by SIGKILL"
        assert (await court.testify(court.tried("last", max_retries=0), Outcome.INFRA, reason=KILLED)).forgives

    play(scene)


def test_a_lost_process_is_told_with_the_group_of_what_ran() -> None:
    """The child that asked, or the guardian before: a crash that opens and refunds nothing; a worker's stop is none."""

    async def scene(court: Court) -> None:
        lost = court.tried("s", name="kills its parent")
        for _ in range(6):
            await court.testify(lost, Outcome.INFRA, reason="the child was lost", crashed=False, lost=True)
        await court.witness.testify_lost(court.worker, [(0, "cpu", lost.claim.job), (7, "cpu", lost.claim.job)])
        assert court.told == [(Sign.CRASH, "command:kills its parent")] * 7, "slot 7 is not there"
        court.stops = True
        await court.testify(lost, Outcome.INFRA, reason="the worker stopped", crashed=False, lost=True)
        assert len(court.told) == 7
        await until(lambda: court.canaries.count)
        record = court.breakers.states()[CPU]
        assert (record.state, record.epoch, record.suspects) == (BreakerState.CLOSED, 0, ())

    play(scene)


def test_an_opening_gives_retries_back() -> None:
    """To those whose failures led there, as soon as these are in the ledger; while it is away they are owed."""

    async def scene(court: Court) -> None:
        court.canaries.reason = "out of tune"
        court.ledger.away = True
        await court.testify(court.tried("s"), Outcome.PASSED)
        first, second = court.tried("first"), court.tried("second")
        assert not (await court.testify(first, Outcome.INFRA)).forgives
        await court.refunds.delivered("first")
        await court.testify(second, Outcome.INFRA)
        await until(lambda: court.breakers.states()[CPU].state is BreakerState.OPEN)
        assert court.ledger.refunded == []
        court.ledger.away = False
        await court.refunds.pay()
        await until(lambda: court.ledger.refunded == ["first"])
        await court.refunds.delivered("second")
        assert court.ledger.refunded == ["first", "second"], "as soon as it is in the ledger"

    play(scene)


def test_without_breakers_nothing_is_forgiven() -> None:
    """Off or by metrics alone, no canary is waited for and no retry is given back."""

    async def scene(court: Court) -> None:
        court.canaries.reason = "out of tune"
        for _ in range(5):
            assert await court.testify(court.tried("s", max_retries=0), Outcome.INFRA) == Circumstances(hardware="cpu")
        assert court.ledger.refunded == []

    play(scene, BreakerPolicy.OFF)
    play(scene, BreakerPolicy.METRICS)
