import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dtf.domain.case import CaseResult
from dtf.domain.manifest import Manifest, ManifestItem
from dtf.domain.ports.executor import SlotContext
from dtf.domain.shard import AttemptResult, ClaimedShard, ShardKind
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import JobSpec
from dtf.domain.work import Isolation, PytestWork
from dtf.execution.executors.pytest_suite import PytestExecutor
from tests.integration.pytest_executor.spawner import PlainSpawner


@dataclass
class Bench:
    """A worker in small: an executor, its slots, and a queue of shards that follow their module."""

    executor: PytestExecutor
    directory: Path
    scratch: Path
    spawner: PlainSpawner = field(default_factory=PlainSpawner)
    slots: int = 2
    timeout_s: float = 60.0
    log: bytearray = field(default_factory=bytearray)
    reported: list[CaseResult] = field(default_factory=list)
    results: list[AttemptResult] = field(default_factory=list)
    contexts: list[SlotContext] = field(default_factory=list)
    job_id: str = "j1"
    queue: list[ClaimedShard] = field(default_factory=list)
    requirements: tuple[str, ...] = ()
    hardware: str = "cpu"
    on_report: Callable[[CaseResult], None] = lambda _: None

    def job(self, work: PytestWork) -> JobSpec:
        source = Source(kind=SourceKind.PATH, location=str(self.directory))
        return JobSpec(name="suite", work=work, source=source, timeout_s=self.timeout_s, requirements=self.requirements)

    def context(self, slot: int, follow_on: Callable[[], Awaitable[ClaimedShard | None]] | None = None) -> SlotContext:
        async def nothing() -> None:
            return None

        async def ends() -> bool:
            return not self.queue

        def report(case: CaseResult) -> None:
            self.reported.append(case)
            self.on_report(case)

        base = {name: value for name, value in os.environ.items() if not name.startswith("DTF_")}
        context = SlotContext(
            worker_id="w1",
            slot=slot,
            slots=self.slots,
            workdir=self.directory,
            source_root=self.directory,
            scratch=self.scratch,
            artifacts=self.scratch / "artifacts",
            environment={**base, "DTF_SLOT": str(slot)},
            spawner=self.spawner,
            log=self.log.extend,
            report=report,
            follow_on=follow_on or nothing,
            job_ends=ends,
            hardware=self.hardware,
        )
        self.contexts.append(context)
        return context

    async def collect(self, work: PytestWork) -> AttemptResult:
        shard = ClaimedShard(
            shard_id="s0", attempt=1, run_id="r1", job_id=self.job_id, job=self.job(work), kind=ShardKind.COLLECT
        )
        return await self.executor.run(shard, self.context(0))

    def shard(self, work: PytestWork, items: Sequence[tuple[int, ManifestItem]], name: str = "s1") -> ClaimedShard:
        return ClaimedShard(
            shard_id=name,
            attempt=1,
            run_id="r1",
            job_id=self.job_id,
            job=self.job(work),
            kind=ShardKind.RUN,
            affinity=items[0][1].module,
            items=tuple(items),
        )

    async def run(self, work: PytestWork, size: int = 3) -> dict[str, str]:
        """Collect, cut into shards of ``size``, run them all, and return each test's outcome."""
        collected = await self.collect(work)
        assert collected.manifest is not None, collected.reason
        self.queue = self.cut(work, collected.manifest, size)
        await asyncio.gather(*(self.serve(slot) for slot in range(self.slots)))
        cases = [case for result in self.results for case in result.cases]
        assert len(cases) == len({case.ordinal for case in cases}), "a case was accepted twice"
        assert Counter(cases) == Counter(self.reported)
        return {case.nodeid: case.outcome.value for case in sorted(cases, key=lambda case: case.ordinal)}

    def cut(self, work: PytestWork, manifest: Manifest, size: int) -> list[ClaimedShard]:
        shards: list[ClaimedShard] = []
        for _, ordinals in manifest.modules():
            for start in range(0, len(ordinals), size):
                items = [(ordinal, manifest.items[ordinal]) for ordinal in ordinals[start : start + size]]
                shards.append(self.shard(work, items, f"s{len(shards) + 1}"))
        return shards

    async def serve(self, slot: int) -> None:
        """Take shard after shard; one that was claimed as a follow-on comes next."""
        following: ClaimedShard | None = None
        while following or self.queue:
            shard = following or self.queue.pop(0)

            async def follow_on(affinity: str = shard.affinity) -> ClaimedShard | None:
                same = [entry for entry in self.queue if entry.affinity == affinity]
                if same:
                    self.queue.remove(same[0])
                return same[0] if same else None

            context = self.context(slot, follow_on)
            context.environment = {
                **context.environment,
                "DTF_SHARD_ID": shard.shard_id,
                "CUDA_VISIBLE_DEVICES": str(slot),
            }
            self.results.append(await self.executor.run(shard, context))
            following = context.next_shard

    @property
    def text(self) -> str:
        return self.log.decode(errors="replace")


def work(*args: str, isolation: Isolation = Isolation.SLOT, **more: object) -> PytestWork:
    """A suite's work with these arguments for pytest."""
    return PytestWork(args=args, isolation=isolation, **more)  # type: ignore[arg-type]
