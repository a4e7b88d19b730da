"""The pytest executor alone against `pytest -n`: no broker, no ledger, what a suite costs by itself."""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from benchmarks.meter import Measurement, measure
from benchmarks.report import REPORTS, ROOT, circumstances, facts_table
from dtf.domain.ports.executor import SlotContext
from dtf.domain.shard import ClaimedShard, ShardKind
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import JobSpec
from dtf.domain.work import PytestWork
from dtf.execution.executors.pytest_suite import PytestExecutor
from dtf.execution.processes.spawner import GuardianSpawner
from dtf.processes.reaper import Reaper

METHOD = """Each pair is one run of the suite by the executor (collection, shards of {size} tests pulled by {n} slots,
start and end of all processes included) and one `pytest -n {n}`, in alternating order."""


class Worker:
    """Slots that pull shards from a list, as a guardian has them."""

    def __init__(self, suite: Path, slots: int, size: int, spawner: GuardianSpawner, scratch: Path) -> None:
        self._suite = suite
        self._slots = slots
        self._size = size
        self._spawner = spawner
        self._scratch = scratch
        self._executor = PytestExecutor(scratch)
        self._queue: list[ClaimedShard] = []
        self.counts: Counter[str] = Counter()

    async def run(self) -> None:
        """Collect, cut, run, close."""
        collected = await self._executor.run(self._shard(ShardKind.COLLECT), self._context(0))
        if collected.manifest is None:
            raise SystemExit(collected.reason)
        for module, ordinals in collected.manifest.modules():
            for start in range(0, len(ordinals), self._size):
                items = tuple((n, collected.manifest.items[n]) for n in ordinals[start : start + self._size])
                self._queue.append(self._shard(ShardKind.RUN, module, items))
        await asyncio.gather(*(self._serve(slot) for slot in range(self._slots)))
        await self._executor.close()

    async def _serve(self, slot: int) -> None:
        following: ClaimedShard | None = None
        while following or self._queue:
            context = self._context(slot, shard := following or self._queue.pop(0))
            result = await self._executor.run(shard, context)
            self.counts.update(case.outcome.value for case in result.cases)
            following = context.next_shard

    def _shard(self, kind: ShardKind, module: str = "", items: tuple = ()) -> ClaimedShard:  # type: ignore[type-arg]
        source = Source(kind=SourceKind.PATH, location=str(self._suite))
        job = JobSpec(name="suite", work=PytestWork(python=sys.executable), source=source)
        name = f"s{len(self._queue)}"
        return ClaimedShard(
            shard_id=name, attempt=1, run_id="r", job_id="j", job=job, kind=kind, affinity=module, items=items
        )

    def _context(self, slot: int, shard: ClaimedShard | None = None) -> SlotContext:
        async def follow_on() -> ClaimedShard | None:
            same = [entry for entry in self._queue if shard and entry.affinity == shard.affinity]
            if same:
                self._queue.remove(same[0])
            return same[0] if same else None

        return SlotContext(
            worker_id="w",
            slot=slot,
            slots=self._slots,
            workdir=self._suite,
            source_root=self._suite,
            scratch=self._scratch,
            artifacts=self._scratch,
            environment=dict(os.environ),  # the benchmark is a process entry
            spawner=self._spawner,
            log=lambda _: None,
            report=lambda _: None,
            follow_on=follow_on,
        )


async def execute(suite: Path, slots: int, size: int) -> None:
    """One run of the suite by the executor; its counts go to standard output."""
    reaper = Reaper()
    reaper.start()
    with tempfile.TemporaryDirectory() as scratch:
        worker = Worker(suite, slots, size, GuardianSpawner("w", reaper), Path(scratch))
        await worker.run()
    reaper.stop()
    sys.stdout.write(json.dumps(worker.counts) + "\n")


def pair(index: int, given: argparse.Namespace, scratch: Path) -> dict[str, Measurement]:
    """Measure both sides once, in an order that alternates."""
    common = ["--slots", str(given.slots), "--size", str(given.size)]
    commands = {
        "executor": [sys.executable, "-m", "benchmarks.pytest_executor", given.suite, "--execute", *common],
        "xdist": [sys.executable, "-m", "pytest", "-q", "-n", str(given.slots), "-p", "no:cacheprovider", "."],
    }
    where = {"executor": ROOT, "xdist": Path(given.suite)}
    found = {}
    for side in sorted(commands, reverse=bool(index % 2)):
        environment = dict(os.environ)
        found[side] = measure(commands[side], cwd=where[side], environment=environment, output=scratch / side)
        sys.stderr.write(f"{side}: {found[side].wall_s:.2f} s wall, {found[side].cpu_s:.2f} s CPU\n")
    return found


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite")
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--size", type=int, default=100, help="tests a shard")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--execute", action="store_true", help="run the suite once and measure nothing")
    given = parser.parse_args()
    given.suite = str(Path(given.suite).resolve())
    if given.execute:
        asyncio.run(execute(Path(given.suite), given.slots, given.size))
        return
    facts = circumstances("dtf", "pytest", "pytest-xdist")
    with tempfile.TemporaryDirectory() as scratch:
        pairs = [pair(index, given, Path(scratch)) for index in range(given.pairs)]
        counts = json.loads((Path(scratch) / "executor").read_text().splitlines()[-1])
    ratios = {
        name: statistics.median(getattr(each["executor"], name) / getattr(each["xdist"], name) for each in pairs)
        for name in ("wall_s", "cpu_s")
    }
    raw = [{side: asdict(measured) for side, measured in each.items()} for each in pairs]
    report = {"suite": given.suite, **facts, "counts": counts, "median_ratios": ratios, "raw": raw}
    REPORTS.mkdir(exist_ok=True)
    (REPORTS / "pytest_executor.json").write_text(json.dumps(report, indent=1) + "\n")
    text = METHOD.format(n=given.slots, size=given.size)
    table = "".join(f"| {name} | {value:.2f} |\n" for name, value in ratios.items())
    page = f"# The pytest executor against pytest -n\n\n{text}\n\n| ratio | median |\n|---|---|\n{table}\n"
    (REPORTS / "pytest_executor.md").write_text(f"{page}Counts: {counts}\n\n{facts_table(facts)}")
    sys.stdout.write(json.dumps({"counts": counts, "median_ratios": ratios}) + "\n")


if __name__ == "__main__":
    main()
