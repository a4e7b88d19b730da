"""Failures that belong to a session and to no test."""

import asyncio
from collections import Counter

import pytest

from dtf.domain.outcome import Outcome
from tests.integration.pytest_executor.conftest import Bencher, Suite
from tests.integration.pytest_executor.harness import work

GOOD = "def test_a(): pass\ndef test_b(): pass\ndef test_c(): pass\ndef test_d(): pass\n"

ENDINGS = {
    "a status": ("session.exitstatus = 9", "the session ended with status 9 (set by its own hooks)"),
    "an error": ("1 / 0", "the session ended with status 3 (an error at its end, see the log)"),
    "a crash": ("import ctypes; ctypes.string_at(0)", "the interpreter ended by SIGSEGV while the session ended"),
}


@pytest.mark.parametrize("name", ENDINGS)
@pytest.mark.parametrize("slots", [1, 2])
def test_a_session_that_fails_at_its_end(
    name: str, slots: int, suite: Suite, bench: Bencher, runner: asyncio.Runner
) -> None:
    """What a session's own hooks find wrong at its end is an error of its last shard, however good its tests are."""
    body, reason = ENDINGS[name]
    hook = f"def pytest_sessionfinish(session):\n    if hasattr(session.config, 'workerinput'):\n        {body}\n"
    made = bench(suite({"conftest.py": hook, "test_a.py": GOOD}), slots=slots)
    assert Counter(runner.run(made.run(work(), 2)).values()) == {"passed": 4}
    assert reason in [result.reason for result in made.results]
    assert Outcome.ERROR in [result.outcome for result in made.results]


def test_a_kept_session_that_fails_at_its_end(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A slot that has nothing to do when its job ends ends its session first, and the job gets its error."""
    hook = "def pytest_sessionfinish(session):\n    session.exitstatus = 9\n"
    made = bench(suite({"conftest.py": hook, "test_a.py": GOOD}))

    async def play() -> None:
        collected = await made.collect(work())
        assert collected.manifest is not None
        first, second = made.cut(work(), collected.manifest, 2)
        made.queue = [second]
        assert (await made.executor.run(first, made.context(0))).outcome is Outcome.PASSED
        made.queue = []
        made.executor._look_s = 60.0
        assert (await made.executor.run(second, made.context(1))).outcome is Outcome.ERROR

    runner.run(play())


STOPS = {
    "a fixture": "import pytest\n@pytest.fixture\ndef f(request):\n    request.session.shouldstop = 'enough'\n",
    "a plugin": "def pytest_runtest_logreport(report): pass\n"
    "def pytest_runtest_teardown(item):\n    item.session.shouldfail = 'enough'\n"
    "import pytest\n@pytest.fixture\ndef f(): pass\n",
}


@pytest.mark.parametrize("name", STOPS)
def test_a_session_that_is_stopped(name: str, suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A suite that stops its session runs no further test of the shard, and the shard says why."""
    tests = "def test_a(f): pass\ndef test_b(): pass\n"
    made = bench(suite({"conftest.py": STOPS[name], "test_a.py": tests}), slots=1)
    outcomes = runner.run(made.run(work(), 2))
    assert outcomes == {"test_a.py::test_a": "passed"}
    assert [(result.outcome, result.reason) for result in made.results] == [
        (Outcome.ERROR, "the session was stopped: enough")
    ]
