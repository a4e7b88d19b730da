"""``-x`` and ``--maxfail`` inside a shard."""

import asyncio
from dataclasses import replace

import pytest

from dtf.domain.outcome import Outcome
from dtf.domain.shard import ClaimedShard
from dtf.domain.work import Isolation
from tests.integration.pytest_executor.conftest import Bencher, Suite
from tests.integration.pytest_executor.harness import Bench, work

#: Tests 2, 5 and 8 of 12 fail; the session fixture says when it is torn down.
TWELVE = """
import pytest

@pytest.fixture(scope="session")
def kept():
    yield
    print("the session is over")
    assert not FAILS_AT_THE_END

FAILS_AT_THE_END = False

@pytest.mark.parametrize("n", range(12))
def test_n(n, kept):
    assert n % 3 != 2
"""


def first_shard(made: Bench, runner: asyncio.Runner, isolation: Isolation = Isolation.SLOT) -> ClaimedShard:
    """All of a suite as one shard."""
    order = work(isolation=isolation)
    collected = runner.run(made.collect(order))
    assert collected.manifest is not None
    return made.shard(order, list(enumerate(collected.manifest.items)))


@pytest.mark.parametrize("isolation", [Isolation.SLOT, Isolation.SHARD, Isolation.TEST])
@pytest.mark.parametrize(
    ("limit", "known", "ran"), [(1, 0, 3), (2, 0, 6), (3, 1, 6), (2, 2, 0), (0, 0, 12), (9, 0, 12)]
)
def test_a_shard_stops(
    limit: int, known: int, ran: int, isolation: Isolation, suite: Suite, bench: Bencher, runner: asyncio.Runner
) -> None:
    """The rest is not run once the job has so many failures, those before the shard's counted in."""
    made = bench(suite({"test_a.py": TWELVE}))
    shard = replace(first_shard(made, runner, isolation), max_failures=limit, failures=known)
    result = runner.run(made.executor.run(shard, made.context(0)))
    assert len(result.cases) == ran
    assert result.outcome is (Outcome.FAILED if ran == 12 else Outcome.CANCELLED)
    if ran < 12:
        assert result.reason == f"stopping after {limit} failure{'s' if limit > 1 else ''}"


def test_failures_of_other_shards_count(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """What the slot knows of the job while a shard begins counts: a shard that follows a failure runs nothing."""
    made = bench(suite({"test_a.py": TWELVE}))
    shard = replace(first_shard(made, runner), max_failures=1)
    context = made.context(0)
    context.failures = lambda: 1
    assert runner.run(made.executor.run(shard, context)).cases == ()


def test_the_session_ends_with_the_failure(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A session fixture that breaks at its teardown is the error of the test that stopped the run, as in pytest."""
    made = bench(suite({"test_a.py": TWELVE.replace("END = False", "END = True")}))
    shard = replace(first_shard(made, runner), max_failures=1)
    result = runner.run(made.executor.run(shard, made.context(0)))
    assert len(result.cases) == 3
    assert "FAILS_AT_THE_END" in result.cases[-1].details


def test_a_crash_counts(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A test that kills its interpreter is a failure like any other."""
    made = bench(suite({"test_a.py": "import os\ndef test_a(): os._exit(1)\ndef test_b(): pass\n"}))
    shard = replace(first_shard(made, runner), max_failures=1)
    result = runner.run(made.executor.run(shard, made.context(0)))
    assert [case.nodeid for case in result.cases] == ["test_a.py::test_a"]
    assert result.outcome is Outcome.CANCELLED


@pytest.mark.parametrize(
    ("ini", "args", "expected"),
    [
        ("", (), 0),
        ("-x", (), 1),
        ("--maxfail=3", (), 3),
        ("", ("-x",), 1),
        ("", ("--maxfail=2",), 2),
        ("-x", ("--maxfail=5",), 5),
    ],
)
def test_the_suites_own_limit_is_handed_back(
    ini: str, args: tuple[str, ...], expected: int, suite: Suite, bench: Bencher, runner: asyncio.Runner
) -> None:
    """What a project's addopts or the extra arguments say comes with the manifest, as pytest understood it."""
    made = bench(suite({"pytest.ini": f"[pytest]\naddopts = {ini}\n", "test_a.py": TWELVE}))
    collected = runner.run(made.collect(work(*args)))
    assert collected.manifest is not None
    assert collected.manifest.max_failures == expected
