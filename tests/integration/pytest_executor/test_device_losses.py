"""A process that loses its device is replaced, and what ran beside the loss is collateral."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from dtf.domain.case import CaseResult
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.work import Isolation
from tests.integration.pytest_executor.conftest import Bencher, Suite, plain
from tests.integration.pytest_executor.harness import Bench, work

#: A device that is lost with the process: after ``lose`` every ``launch`` fails until there is a new one.
DEVICE = """
import os, pathlib, pytest
LOST = []
def lose(): LOST.append(1)
def launch():
    if LOST: raise RuntimeError("CUDA error: device-side assert triggered\\nCompile with TORCH_USE_CUDA_DSA")
@pytest.fixture(scope="module", autouse=True)
def module():
    with open("setups", "a") as file: file.write(f"{os.getpid()}\\n")
"""

FAILS_ITSELF = """
def test_before(): launch()
def test_bad(): lose(); launch()
def test_after(): launch()
def test_last(): launch()
"""

FAILS_THE_NEXT = """
def test_before(): launch()
def test_culprit(): launch(); lose()
def test_victim(): launch()
def test_last(): launch()
"""


def by_name(made: Bench) -> dict[str, CaseResult]:
    """The reported cases by the name after the module."""
    return {case.nodeid.partition("::")[2]: case for case in made.reported}


def collateral(made: Bench) -> set[str]:
    """The names of the cases that are marked."""
    return {name for name, case in by_name(made).items() if "dtf_collateral" in case.properties}


def notes(made: Bench) -> list[str]:
    """The remarks of all attempts."""
    return [line for result in made.results for line in result.proof.get("notes", "").splitlines()]


@pytest.mark.parametrize("size", [2, 10])
def test_a_test_that_loses_the_device_is_charged_once(
    size: int, suite: Suite, bench: Bencher, runner: asyncio.Runner
) -> None:
    """It fails first in a new process too, so it is to blame; what follows has a new process and passes."""
    root = suite({"test_a.py": DEVICE + FAILS_ITSELF})
    made = bench(root, slots=1, hardware="cuda")
    assert list(runner.run(made.run(work(), size)).values()) == ["passed", "failed", "passed", "passed"]
    assert not collateral(made)
    assert not notes(made)
    assert len((root / "setups").read_text().split()) == 3
    assert "test_bad showed a lost device" in made.text


@pytest.mark.parametrize("size", [2, 3])
def test_a_test_that_only_shows_the_loss_is_collateral(
    size: int, suite: Suite, bench: Bencher, runner: asyncio.Runner
) -> None:
    """It runs once more, passes in a new process, and says beside what the device was lost; so does a note."""
    root = suite({"test_a.py": DEVICE + FAILS_THE_NEXT})
    made = bench(root, slots=1, hardware="rocm")
    assert Counter(runner.run(made.run(work(), size)).values()) == {"passed": 4}
    assert collateral(made) == {"test_victim"}
    told = by_name(made)["test_victim"].properties["dtf_collateral"]
    assert '"device-side assert triggered"' in told
    assert "test_a.py::test_before, test_a.py::test_culprit;" in told
    assert len(notes(made)) == 1
    assert "test_victim showed a lost device" in notes(made)[0]
    assert "test_a.py::test_culprit" in notes(made)[0]
    assert len((root / "setups").read_text().split()) == 2


def test_the_first_test_of_a_process_is_charged_at_once(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """With a process for each test nothing has to run twice."""
    root = suite({"test_a.py": DEVICE + FAILS_ITSELF})
    made = bench(root, slots=1, hardware="gpu")
    outcomes = runner.run(made.run(work(isolation=Isolation.TEST), 10))
    assert list(outcomes.values()) == ["passed", "failed", "passed", "passed"]
    assert len((root / "setups").read_text().split()) == 4


def test_a_suite_of_the_cpu_is_left_alone(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """What it raises is its own: the verdicts are plain pytest's."""
    root = suite({"test_a.py": DEVICE + FAILS_ITSELF, "test_b.py": DEVICE + FAILS_THE_NEXT})
    made = bench(root, slots=1)
    assert runner.run(made.run(work(), 4)) == plain(root)
    assert not collateral(made)


#: Set-up, teardown, an expected failure, a chained error, and texts that only look like a lost device.
PHASES = """
@pytest.fixture
def before(): launch()
@pytest.fixture
def after():
    yield
    launch()
def test_culprit(): lose()
def test_setup(before): pass
def test_culprit_again(): lose()
def test_teardown(after): pass
def test_loses_and_tears_down(after): lose()
@pytest.mark.xfail
def test_expected(): lose(); launch()
def test_chained():
    try: launch()
    except RuntimeError as error: raise ValueError("the model is broken") from error
def test_other_failure():
    assert "device-side assert triggered" not in "".join(["device-side assert", " triggered"]).upper(), "a text"
    assert 0
def test_once_more_a_culprit(): lose()
def test_fails_for_itself():
    launch()
    assert 0, "its own fault"
"""


def test_every_phase_and_kind_of_failure(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """Set-up and teardown count as the call does; an expected failure stays one, and its process goes too."""
    made = bench(suite({"test_a.py": DEVICE + PHASES}), slots=1, hardware="cuda")
    runner.run(made.run(work(), 20))
    cases = by_name(made)
    assert {name: case.outcome.value for name, case in cases.items() if case.outcome is not CaseOutcome.PASSED} == {
        "test_loses_and_tears_down": "error",
        "test_expected": "xfailed",
        "test_other_failure": "failed",
        "test_fails_for_itself": "failed",
    }
    assert collateral(made) == {"test_setup", "test_teardown", "test_fails_for_itself"}
    assert "its own fault" in cases["test_fails_for_itself"].message
    assert made.results[-1].outcome is Outcome.FAILED


CRASHES = """
def test_culprit(): pass
def test_victim():
    mark = pathlib.Path("crashed")
    if not mark.exists():
        mark.touch()
        os.write(2, b"terminate called after throwing: CUDA error: unspecified launch failure")
        os.abort()
def test_last(): pass
"""


def test_a_library_that_ends_the_process_for_it(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A crash that says so is treated as the error would be."""
    made = bench(suite({"test_a.py": DEVICE + CRASHES}), slots=1, hardware="cuda")
    assert Counter(runner.run(made.run(work(), 10)).values()) == {"passed": 3}
    assert collateral(made) == {"test_victim"}
    assert by_name(made)["test_victim"].crashes == 1


BREAKS_AT_ITS_END = """
@pytest.fixture(scope="session", autouse=True)
def session():
    yield
    launch()
"""


def test_a_session_that_cannot_end_without_its_device_is_no_error(
    suite: Suite, bench: Bencher, runner: asyncio.Runner
) -> None:
    """What its fixtures raise when the lost process goes is in the log; the shard has its tests' verdict."""
    made = bench(suite({"test_a.py": DEVICE + BREAKS_AT_ITS_END + FAILS_THE_NEXT}), slots=1, hardware="cuda")
    assert Counter(runner.run(made.run(work(), 10)).values()) == {"passed": 4}
    assert made.results[0].outcome is Outcome.PASSED


def test_what_runs_again_does_not_count_as_a_failure(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """With a limit of one failure a collateral test stops nothing, and one that is charged does."""

    async def run(body: str, name: str) -> list[str]:
        made = bench(suite({"test_a.py": DEVICE + body}), slots=1, hardware="cuda", job_id=name)
        collected = await made.collect(work())
        assert collected.manifest is not None
        (shard,) = made.cut(work(), collected.manifest, 10)
        result = await made.executor.run(replace(shard, max_failures=1), made.context(0))
        return [case.outcome.value for case in result.cases]

    assert runner.run(run(FAILS_THE_NEXT, "j1")) == ["passed"] * 4
    assert runner.run(run(FAILS_ITSELF, "j2")) == ["passed", "failed"]


THREADED = """
import threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
"""


def test_a_process_that_was_not_forked_is_replaced_too(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """Where a fork is unsafe the new process collects for itself."""
    made = bench(suite({"test_a.py": THREADED + DEVICE + FAILS_THE_NEXT}), slots=1, hardware="cuda")
    assert Counter(runner.run(made.run(work(), 10)).values()) == {"passed": 4}
    assert collateral(made) == {"test_victim"}
