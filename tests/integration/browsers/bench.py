import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from dtf.domain.ports.executor import SlotContext
from dtf.domain.shard import AttemptResult, ClaimedShard, ShardKind
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import JobSpec
from dtf.domain.work import BrowserCheck, BrowserWork
from dtf.domain.worker import Device
from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.executors.browser import BrowserExecutor
from dtf.execution.executors.browser_pool.limits import PoolLimits
from dtf.execution.executors.browser_pool.pool import BrowserPool
from tests.integration.pytest_executor.spawner import PlainSpawner


@dataclass
class Bench:
    """A worker in small: an executor for browsers, and its slots."""

    executor: BrowserExecutor
    directory: Path
    browser: BrowserChoice
    spawner: PlainSpawner = field(default_factory=PlainSpawner)
    log: bytearray = field(default_factory=bytearray)
    hardware: str = "webgpu"
    software: bool = True
    timeout_s: float = 60.0
    count: int = 0

    @property
    def pids(self) -> set[int]:
        """All that was started and still runs."""
        roots = [psutil.Process(p.pid) for p in self.spawner.started if psutil.pid_exists(p.pid)]
        return {process.pid for root in roots for process in (root, *root.children(recursive=True))}

    @property
    def command_lines(self) -> dict[int, list[str]]:
        """Their words, by pid."""
        found = {}
        for pid in self.pids:
            with suppress(psutil.Error):  # it ended meanwhile
                found[pid] = psutil.Process(pid).cmdline()
        return found

    def context(self, slot: int = 0, **variables: str) -> SlotContext:
        """What the guardian gives for one attempt."""
        self.count += 1
        artifacts = self.directory / f"artifacts-{self.count}"
        artifacts.mkdir()
        base = {name: value for name, value in os.environ.items() if not name.startswith("DTF_")}

        async def nothing() -> None:
            return None

        device = Device(
            kind="webgpu",
            name=f"an adapter in {self.browser.browser}",
            uuid=f"webgpu-{self.browser.browser}-test",
            details={
                "browser": self.browser.browser,
                "executable": self.browser.executable,
                "channel": self.browser.channel,
                "software": self.software,
            },
        )
        return SlotContext(
            worker_id="w1",
            slot=slot,
            slots=2,
            workdir=self.directory,
            source_root=self.directory,
            scratch=self.directory,
            artifacts=artifacts,
            environment={**base, **variables, "DTF_SLOT": str(slot)},
            spawner=self.spawner,
            log=self.log.extend,
            report=lambda _: None,
            follow_on=nothing,
            hardware=self.hardware,
            devices=(device,),
        )

    def shard(self, check: BrowserCheck = BrowserCheck.WGSL, **work: Any) -> ClaimedShard:
        """A claimed shard of a job for a browser."""
        source = Source(kind=SourceKind.PATH, location=str(self.directory))
        job = JobSpec(
            name=check.value,
            work=BrowserWork(check=check, **work),
            source=source,
            hardware=self.hardware,
            timeout_s=self.timeout_s,
        )
        return ClaimedShard(shard_id="s1", attempt=1, run_id="r1", job_id="j1", job=job, kind=ShardKind.RUN)

    async def run(self, check: BrowserCheck = BrowserCheck.WGSL, *, slot: int = 0, **work: Any) -> AttemptResult:
        """Run one check."""
        return await self.executor.run(self.shard(check, **work), self.context(slot))

    def kept(self) -> set[str]:
        """The names of what the last attempt left."""
        place = self.directory / f"artifacts-{self.count}"
        return {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}


@asynccontextmanager
async def a_bench(directory: Path, browser: BrowserChoice, limits: PoolLimits | None = None) -> AsyncIterator[Bench]:
    """A bench whose browsers are gone after it, as is seen."""
    bench = Bench(BrowserExecutor(BrowserPool(limits)), directory, browser)
    try:
        yield bench
    finally:
        left = bench.pids
        await bench.executor.close()
    assert await are_gone(left)


async def are_gone(pids: set[int]) -> bool:
    """Whether these processes are gone, given some time to be reaped by whoever has to."""
    for _ in range(600):
        if not any(map(_runs, pids)):
            return True
        await asyncio.sleep(0.1)
    return False


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
