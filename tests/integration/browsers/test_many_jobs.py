import asyncio
from pathlib import Path

from dtf.domain.outcome import Outcome
from tests.integration.browsers.bench import a_bench
from tests.support.browsers import need_browser

#: `python -m tools.acceptance browsers` does 300, and measures.
_JOBS = 24
#: What a browser may gain between two looks: a page that closes later than another one opens.
_GROWTH = 1.5


def test_many_jobs_in_a_row_leave_nothing(tmp_path: Path) -> None:
    """One browser does them all, without gaining memory from each, and no process is left."""

    async def go() -> None:
        async with a_bench(tmp_path, need_browser("headless-shell")) as bench:
            seen = []
            for number in range(1, _JOBS + 1):
                result = await bench.run()
                assert result.outcome is Outcome.PASSED, result.reason
                if number in (_JOBS // 4, _JOBS):
                    await bench.executor.pool.of(0).look_at_memory()
                    seen.append(bench.executor.pool.of(0).memory_bytes)
            assert bench.executor.pool.figures.launches == 1
            assert bench.executor.pool.figures.jobs == {"headless-shell": _JOBS}
            assert 0 < seen[1] < seen[0] * _GROWTH

    asyncio.run(go())
