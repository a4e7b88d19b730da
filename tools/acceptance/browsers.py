"""Figures of warm browsers: a job in one against a cold launch, and the memory over many jobs in a row."""

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from dtf.domain.outcome import Outcome
from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.browser_host.find import find_browsers
from dtf.execution.executors.browser_pool.limits import PoolLimits
from tests.integration.browsers.bench import Bench, a_bench

#: How many times faster a job in a warm browser is to be.
GAIN = 10.0
#: How much of its memory after the first measurement a browser may have gained at the last.
GROWTH = 1.1
#: How long a warm browser has between two jobs to make the next page ready, in seconds.
_PAUSE_S = 1.0
#: None is to be replaced while it is measured.
_UNLIMITED = PoolLimits(age_s=1e9, jobs=10**9, memory_bytes=2**60)


def browsers(name: str, pairs: int, jobs: int) -> int:
    """Measure with a browser of that name; print the figures, and return how many of them are not as they should be."""
    choice = next((found for found in find_browsers() if found.browser == name), None)
    if choice is None:
        print(f"browsers: {name} is not installed")
        return 1
    with tempfile.TemporaryDirectory(prefix="dtf-acceptance-") as directory:
        warm, cold = asyncio.run(_pairs(Path(directory), choice, pairs))
    gain = statistics.median(cold) / statistics.median(warm)
    print(f"{name}, from the executor's start to its result, {pairs} pairs in turn: cold {_spread(cold)}")
    print(f"{name}, the same job in a warm browser: {_spread(warm)}: {gain:.1f} times less")
    with tempfile.TemporaryDirectory(prefix="dtf-acceptance-") as directory:
        growth = asyncio.run(_many(Path(directory), choice, jobs))
    return int(gain < GAIN) + int(growth > GROWTH)


async def _pairs(directory: Path, choice: BrowserChoice, pairs: int) -> tuple[list[float], list[float]]:
    warm, cold = [], []
    (directory / "warm").mkdir()
    async with a_bench(directory / "warm", choice, _UNLIMITED) as kept:
        await _timed(kept)
        for number in range(pairs):
            place = directory / f"cold-{number}"
            place.mkdir()
            async with a_bench(place, choice, _UNLIMITED) as fresh:
                cold.append(await _timed(fresh))
            await asyncio.sleep(_PAUSE_S)
            warm.append(await _timed(kept))
    return warm, cold


async def _many(directory: Path, choice: BrowserChoice, jobs: int) -> float:
    """Run jobs in a row; return the memory at the end as a multiple of that after the first tenth."""
    seen: dict[int, int] = {}
    marks = sorted({max(1, jobs // 15), jobs // 3, 2 * jobs // 3, jobs})
    async with a_bench(directory, choice, _UNLIMITED) as bench:
        begun = time.monotonic()
        for number in range(1, jobs + 1):
            await _timed(bench)
            if number in marks:
                await asyncio.sleep(_PAUSE_S)
                seen[number] = await bench.executor.pool.of(0).look_at_memory()
        took = time.monotonic() - begun
        if bench.executor.pool.figures.launches != 1:
            sys.exit("a browser was replaced while it was measured")
    told = ", ".join(f"{size / 2**20:.0f} MiB after {number}" for number, size in seen.items())
    print(f"{choice.browser}, {jobs} jobs in a row in {took:.0f} s: {told}; no process is left")
    return seen[jobs] / seen[marks[0]]


async def _timed(bench: Bench) -> float:
    begun = time.monotonic()
    result = await bench.run()
    took = time.monotonic() - begun
    if result.outcome is not Outcome.PASSED:
        sys.exit(f"a job did not pass: {result.outcome}: {result.reason}")
    return took


def _spread(seconds: list[float]) -> str:
    return f"median {statistics.median(seconds):.3f} s ({min(seconds):.3f} to {max(seconds):.3f})"
