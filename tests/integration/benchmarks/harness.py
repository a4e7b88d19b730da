"""A benchmark executor on one slot, with real host processes and nothing else of a worker."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from dtf.domain.ports.executor import SlotContext
from dtf.domain.shard import AttemptResult, ClaimedShard, ShardKind
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import JobSpec
from dtf.domain.work import BenchmarkWork
from dtf.domain.worker import Device
from dtf.execution.executors.benchmark import BenchmarkExecutor
from tests.integration.pytest_executor.spawner import PlainSpawner


@dataclass(kw_only=True)
class Bed:
    """What a slot has around an executor.

    Attributes:
        place: The working directory.
        executor: Under test.
        log: What the attempts logged.
        asked: How often the next job was asked for.
    """

    place: Path
    executor: BenchmarkExecutor
    log: bytearray = field(default_factory=bytearray)
    asked: int = 0
    hardware: str = "cpu"
    devices: tuple[Device, ...] = ()
    spawner: PlainSpawner = field(default_factory=PlainSpawner)
    count: int = 0

    async def measure(self, *, timeout_s: float = 60.0, **work: Any) -> AttemptResult:  # fields of BenchmarkWork
        """Run a job to its end."""
        return await self.executor.run(*self.begin(timeout_s=timeout_s, **work))

    def begin(self, *, timeout_s: float = 60.0, **work: Any) -> tuple[ClaimedShard, SlotContext]:  # as above
        """A claimed job with its context."""
        self.count += 1
        job = JobSpec(
            name="model",
            work=BenchmarkWork(**{"iterations": 5, "warm_up": 1, **work}),
            source=Source(kind=SourceKind.PATH, location=str(self.place)),
            hardware=self.hardware,
            timeout_s=timeout_s,
        )
        shard = ClaimedShard(
            shard_id=f"shard-{self.count}",
            attempt=1,
            run_id="run",
            job_id=f"job-{self.count}",
            job=job,
            kind=ShardKind.RUN,
            affinity=job.affinity,
        )
        return shard, self._context(shard)

    @property
    def hosts(self) -> Sequence[int]:
        """The processes of all hosts so far."""
        return [process.pid for process in self.spawner.started]

    def _context(self, shard: ClaimedShard) -> SlotContext:
        scratch = self.place / "scratch" / shard.shard_id
        (scratch / "artifacts").mkdir(parents=True)

        async def follow_on() -> None:
            self.asked += 1

        return SlotContext(
            worker_id="worker",
            slot=0,
            slots=2,
            workdir=self.place,
            source_root=self.place,
            scratch=scratch,
            artifacts=scratch / "artifacts",
            environment={**os.environ, "DTF_SHARD_ID": shard.shard_id},
            spawner=self.spawner,
            log=self.log.extend,
            report=lambda _: None,
            follow_on=follow_on,
            hardware=self.hardware,
            devices=self.devices,
        )


def with_bed(
    tmp_path: Path,
    work: Callable[[Bed], Awaitable[None]],
    *,
    hardware: str = "cpu",
    devices: tuple[Device, ...] = (),
    idle_s: float = 60.0,
) -> None:
    """Do something with an executor; no host is left when it is closed."""

    async def go() -> None:
        bed = Bed(place=tmp_path, executor=BenchmarkExecutor(idle_s=idle_s), hardware=hardware, devices=devices)
        try:
            await asyncio.wait_for(work(bed), 120)
        finally:
            await bed.executor.close()
        assert not any(psutil.pid_exists(pid) for pid in bed.hosts)

    asyncio.run(go())


def figures(result: AttemptResult) -> dict[str, float]:
    """The metrics by name."""
    return {metric.name: metric.value for metric in result.metrics}
