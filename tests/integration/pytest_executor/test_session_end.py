"""When a slot's session ends."""

import asyncio
from pathlib import Path

from dtf.domain.shard import ClaimedShard
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
        for _ in range(1200):
            if (root / "over").exists() and not _runs(root / "over"):
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the session did not end")

    runner.run(play())
    # a shard that comes after all gets a session of its own
    assert runner.run(made.executor.run(second, made.context(0))).outcome == "passed"


def _runs(file: Path) -> bool:
    return bool(file.read_text()) and Path(f"/proc/{file.read_text()}").exists()


LEAVES = """
import os, pathlib, subprocess, pytest

@pytest.fixture(scope="session", autouse=True)
def server():
    done = subprocess.run("setsid sleep 300 >/dev/null 2>&1 & echo $!", shell=True, stdout=subprocess.PIPE, text=True)
    pathlib.Path(f"daemon-{os.getpid()}").write_text(done.stdout.strip())
    pathlib.Path(f"runner-{os.getpid()}").write_text(str(os.getpid()))
    pathlib.Path(f"parent-{os.getpid()}").write_text(str(os.getppid()))
    yield
    pathlib.Path(f"torn-{os.getpid()}").write_text("")

def test_a(): pass
def test_b(): pass
def test_c(): pass
def test_d(): pass
"""


def test_nothing_outlives_a_job(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """Soon after a job's last test its runners, what they daemonised and its warm parent are gone, torn down."""
    root = suite({"test_a.py": LEAVES})
    made = bench(root)

    async def play() -> None:
        assert set((await made.run(work(), 1)).values()) == {"passed"}
        for _ in range(1200):
            left = [file for pattern in ("daemon-*", "runner-*", "parent-*") for file in root.glob(pattern)]
            if left and not any(_runs(file) for file in left):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"left: {[file.name for file in left if _runs(file)]}")

    runner.run(play())
    assert len(list(root.glob("torn-*"))) == len(list(root.glob("runner-*"))) > 0


def test_no_shard_waits_behind_a_long_test(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """The next shard is claimed when the last test of a shard has run, not when it begins."""
    long = "import pathlib, time\ndef test_a():\n    time.sleep(0.5)\n    pathlib.Path('ran').touch()\n"
    root = suite({"test_a.py": long + "def test_b(): pass\n"})
    made = bench(root)

    async def play() -> None:
        collected = await made.collect(work())
        assert collected.manifest is not None
        first, second = made.cut(work(), collected.manifest, 1)
        made.queue = [second]
        claimed: list[bool] = []

        async def follow_on() -> ClaimedShard | None:
            claimed.append((root / "ran").exists())
            made.queue = []
            return second

        context = made.context(0, follow_on)
        assert (await made.executor.run(first, context)).outcome == "passed"
        assert claimed == [True]
        assert context.next_shard is second
        assert (await made.executor.run(second, made.context(0))).outcome == "passed"

    runner.run(play())
