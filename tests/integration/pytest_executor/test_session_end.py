"""When a slot's session ends."""

import asyncio
from pathlib import Path

from tests.integration.pytest_executor.conftest import Bencher, Suite
from tests.integration.pytest_executor.harness import work

KEPT = """
import os, pathlib, pytest

@pytest.fixture(scope="session")
def kept():
    yield
    pathlib.Path("over").write_text(str(os.getpid()))

def test_a(kept): pass
def test_b(kept): pass
"""


def test_a_session_ends_when_its_job_has_no_more_work(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A slot keeps its session while shards of the job wait, and ends it soon after another slot took the last one."""
    root = suite({"test_a.py": KEPT})
    made = bench(root)
    collected = runner.run(made.collect(work()))
    assert collected.manifest is not None
    first, second = made.cut(work(), collected.manifest, 1)
    made.queue = [second]

    async def play() -> None:
        await made.executor.run(first, made.context(0))
        await asyncio.sleep(0.5)
        assert not (root / "over").exists()
        made.queue = []
        for _ in range(200):
            if (root / "over").exists() and not _runs(root / "over"):
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the session did not end")

    runner.run(play())
    # a shard that comes after all gets a session of its own
    assert runner.run(made.executor.run(second, made.context(0))).outcome == "passed"


def _runs(file: Path) -> bool:
    return bool(file.read_text()) and Path(f"/proc/{file.read_text()}").exists()
