"""On which of a slot's browsers a chain runs; real guardians run chains in tests/integration/guardian."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerConfig
from dtf.breakers.memory_store import MemoryStore
from dtf.breakers.permit import Permit
from dtf.domain.breaker import BreakerMode, Target
from dtf.domain.outcome import Outcome
from dtf.domain.ports.executor import SlotContext
from dtf.domain.shard import AttemptResult, ClaimedShard, Disposition, Requeue, ShardKind
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import JobSpec
from dtf.domain.work import CommandWork, JobKind
from dtf.execution.guardian.database import Database
from dtf.execution.guardian.messages import ShardReply
from dtf.execution.guardian.probe import Probe
from dtf.execution.guardian.refunds import Refunds
from dtf.execution.guardian.slot_chain import SlotChain
from dtf.execution.guardian.slot_pool import SlotPool
from dtf.execution.guardian.ward import Ward
from dtf.resilience.recovery import Circumstances
from tests.unit.execution.guardian_parts.two_browsers import CHROMIUM, FIREFOX, SLOT, WORKER

PLAIN, ONLY_FIREFOX = "webgpu", "webgpu[browser=firefox]"


def shard(name: str, queue: str) -> ClaimedShard:
    """A command's shard that waited in a queue."""
    source = Source(kind=SourceKind.PATH, location="/")
    job = JobSpec(name="c", work=CommandWork(argv=("true",)), source=source, hardware="webgpu")
    return ClaimedShard(shard_id=name, attempt=1, run_id="r", job_id="j", job=job, kind=ShardKind.RUN, queue=queue)


class Stage:
    """A slot with two browsers; its ward and breakers are real, the ledger hands out what it is told to."""

    def __init__(self, home: Path, *queues: str) -> None:
        self.waiting = [shard(f"s{number}", queue) for number, queue in enumerate(queues)]
        #: As often as a shard is claimed, before the claim returns.
        self.meanwhile: Callable[[], object] = lambda: None
        #: For each attempt: the browser that it ran on, by its order; what it stood on; what it had leave for.
        self.ran: list[str] = []
        self.testified: list[tuple[tuple[Target, ...], tuple[Target, ...] | None]] = []
        self.fates: list[Disposition] = []
        self.asked: list[Target] = []
        self.breakers = Breakers(MemoryStore(), BreakerConfig(copy_s=0.0))
        self.ward = Ward(
            WORKER,
            slots=SlotPool(WORKER),
            breakers=self.breakers,
            canary=cast("Any", None),
            refunds=Refunds(cast("Any", None), Database()),
            announcer=cast("Any", None),
        )
        self.services = SimpleNamespace(
            config=SimpleNamespace(
                worker=WORKER, lease_s=30.0, log_cap=1000, artifact_cap=0, output_cap=0, patience_s=1.0
            ),
            worker_id="w",
            draining=False,
            open_queues=frozenset(queues),
            environment={},
            tallies={},
            home=SimpleNamespace(scratch=home),
            spool=SimpleNamespace(files=lambda _path: home, path=lambda *_name: home),
            ward=self.ward,
            database=SimpleNamespace(call=self._call),
            shards=SimpleNamespace(claim=self._claim, claim_follow_on=self._claim, append_log=lambda *_piece: None),
            leases=SimpleNamespace(hold=lambda _claim: None, drop=lambda *_claim: None),
            sources=SimpleNamespace(use=lambda _source: nullcontext((home, home))),
            monitor=None,
            spawner=None,
            executors={JobKind.COMMAND: SimpleNamespace(run=self._execute)},
            witness=SimpleNamespace(testify=self._testify),
            experience=SimpleNamespace(refresh=_nothing, chooser=lambda _hardware: None),
            recorder=SimpleNamespace(record=self._record),
        )

    def doubt(self, target: Target, bad: float) -> None:
        """Have the guardian learn how bad a target is."""
        self.ward._guards[target].bad = bad

    def run(self, probe: Probe | None = None) -> ShardReply:
        """Run the chain of the first shard, whose hint came from the plain queue."""

        async def main() -> ShardReply:
            chain = SlotChain((SLOT,), PLAIN, cast("Any", self.services), probe)
            return await asyncio.wait_for(chain.run("s0"), 10)

        return asyncio.run(main())

    async def _call(self, function: Callable[..., Any], *arguments: object, **named: object) -> Any:
        return function(*arguments, **named)

    def _claim(self, *_arguments: object, **_named: object) -> ClaimedShard | None:
        claimed = self.waiting.pop(0) if self.waiting else None
        self.meanwhile()
        return claimed

    async def _execute(self, claim: ClaimedShard, context: SlotContext) -> AttemptResult:
        self.ran.append(context.devices[0].name)
        await context.follow_on()
        return AttemptResult(
            shard_id=claim.shard_id, attempt=1, worker_id="w", slot=0, outcome=Outcome.PASSED, duration_s=1.0
        )

    async def _testify(self, attempt: Any, _result: AttemptResult) -> Circumstances:
        permit = attempt.permit
        self.testified.append((attempt.targets, permit and permit.targets))
        return Circumstances(hardware="webgpu")

    async def _record(self, _spool: object, entry: Any) -> bool:
        self.fates.append(entry.disposition)
        return True


async def _nothing() -> None:
    """Do nothing."""


def test_an_attempt_runs_on_the_browser_that_its_permit_is_for(tmp_path: Path) -> None:
    """Doubts that arise while the shard is claimed move it to no browser whose breaker was not asked."""
    stage = Stage(tmp_path, PLAIN)
    stage.meanwhile = lambda: stage.doubt(CHROMIUM, 0.2)
    stage.run()
    assert stage.ran == ["chromium"]
    assert stage.testified == [((CHROMIUM,), (CHROMIUM,))]


def test_a_chain_stays_with_its_browser(tmp_path: Path) -> None:
    """Whatever comes to be doubted meanwhile; the next chain begins on the browser that is less in doubt."""
    stage = Stage(tmp_path, PLAIN, PLAIN, PLAIN)
    stage.doubt(CHROMIUM, 0.2)
    doubts = iter([(FIREFOX, 0.3), (CHROMIUM, 0.0), (CHROMIUM, 0.0), (CHROMIUM, 0.0)])
    stage.meanwhile = lambda: stage.doubt(*next(doubts))
    stage.run()
    assert stage.ran == ["firefox"] * 3
    assert stage.testified == [((FIREFOX,), (FIREFOX,))] * 3
    stage.waiting = [shard("s0", PLAIN)]
    stage.meanwhile = lambda: None
    stage.run()
    assert stage.ran[3:] == ["chromium"]


def test_a_chain_ends_when_its_browser_is_refused(tmp_path: Path) -> None:
    """What would follow is left in its queue, from where it comes to another browser."""
    stage = Stage(tmp_path, PLAIN, PLAIN)
    stage.meanwhile = lambda: stage.breakers.store.set_mode(CHROMIUM, BreakerMode.FORCED_OPEN)
    assert stage.run().attempts == 1
    assert (stage.ran, len(stage.waiting)) == (["chromium"], 1)


def test_a_shard_of_another_queue_has_leave_for_its_own_browser(tmp_path: Path) -> None:
    """The permit was asked for before the shard was claimed, whose queue wants another browser."""
    stage = Stage(tmp_path, ONLY_FIREFOX, ONLY_FIREFOX)
    assert stage.run().outcome is Outcome.PASSED
    assert stage.ran == ["firefox"] * 2
    assert stage.testified == [((FIREFOX,), (FIREFOX,))] * 2


def test_where_that_browser_is_refused_the_shard_goes_back(tmp_path: Path) -> None:
    """It does not run, no breaker hears of it, and it loses no retry."""
    stage = Stage(tmp_path, ONLY_FIREFOX)
    stage.breakers.store.set_mode(FIREFOX, BreakerMode.FORCED_OPEN)
    stage.run()
    assert stage.ran == []
    assert stage.testified == [((FIREFOX,), None)]
    (fate,) = stage.fates
    assert isinstance(fate, Requeue)
    assert fate.failure is None
    assert "firefox-id was forced open" in fate.reason


def test_a_probe_is_that_of_its_target_or_none(tmp_path: Path) -> None:
    """It runs there, whatever is less in doubt by then; work of another queue says nothing for it, and goes back."""
    stage = Stage(tmp_path, PLAIN, ONLY_FIREFOX)
    permit = stage.breakers.acquire((CHROMIUM,))
    assert isinstance(permit, Permit)
    probe = Probe(target=CHROMIUM, permit=permit, limit_s=10.0)
    stage.meanwhile = lambda: stage.doubt(CHROMIUM, 0.2)
    stage.run(probe)
    assert stage.ran == ["chromium"]
    assert stage.testified == [((CHROMIUM,), (CHROMIUM,))]
    stage.run(probe)
    assert stage.ran == ["chromium"]
    assert stage.testified[1:] == [((FIREFOX,), None)]
    assert isinstance(stage.fates[1], Requeue)
