import asyncio
import os
import signal
from collections import Counter
from pathlib import Path

import psutil
import pytest

from dtf.domain.case import CaseResult
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.work import Isolation
from tests.integration.pytest_executor.conftest import Bencher, Suite
from tests.integration.pytest_executor.harness import Bench, work

AROUND = """
import os, signal, sys, time, pytest
def test_before(): pass
def test_bad():
    print("last words", flush=True)
    {body}
def test_after(): pass
def test_last(): pass
"""

CRASHES = {
    "os._exit(3)": "with status 3",
    "os._exit(0)": "with status 0",
    "import ctypes; ctypes.string_at(0)": "by SIGSEGV",
    "os.abort()": "by SIGABRT",
    "os.kill(os.getpid(), signal.SIGFPE)": "by SIGFPE",
    "os.kill(os.getpid(), signal.SIGBUS)": "by SIGBUS",
    "os.kill(os.getpid(), signal.SIGILL)": "by SIGILL",
    "os.kill(os.getpid(), signal.SIGKILL)": "by SIGKILL 3 times",
    "pytest.exit('enough')": "pytest.exit: enough",
    "raise KeyboardInterrupt": "KeyboardInterrupt",
}


def by_name(made: Bench) -> dict[str, CaseResult]:
    """The reported cases by the name after the module."""
    return {case.nodeid.partition("::")[2]: case for case in made.reported}


@pytest.mark.parametrize("body", CRASHES)
def test_the_running_test_is_charged(body: str, suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A crash is an error of the test that ran, told with how it died; the others run and pass."""
    made = bench(suite({"test_a.py": AROUND.format(body=body)}), slots=1)
    outcomes = runner.run(made.run(work()))
    assert Counter(outcomes.values()) == {"passed": 3, "error": 1}
    bad = by_name(made)["test_bad"]
    assert bad.outcome is CaseOutcome.ERROR
    assert CRASHES[body] in bad.message
    if "SIG" in CRASHES[body] or "status" in CRASHES[body]:
        assert "last words" in bad.output
    if "SEGV" in CRASHES[body]:
        assert "Fatal Python error: Segmentation fault" in bad.details
        assert "Fatal Python error: Segmentation fault" in made.text


def test_sys_exit_is_a_failure(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """``sys.exit`` in a test fails that test, as in pytest."""
    made = bench(suite({"test_a.py": AROUND.format(body="sys.exit(1)")}), slots=1)
    assert Counter(runner.run(made.run(work())).values()) == {"passed": 3, "failed": 1}


def test_a_hung_test_times_out(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A test over its limit is a timeout with its stack in the details; its processes die, the rest goes on."""
    body = "import subprocess; subprocess.Popen(['sleep', '987']); time.sleep(600)"
    made = bench(suite({"test_a.py": AROUND.format(body=body)}), slots=1, timeout_s=3.0)
    assert Counter(runner.run(made.run(work())).values()) == {"passed": 3, "timeout": 1}
    bad = by_name(made)["test_bad"]
    assert "longer than 3 s" in bad.message
    assert "in test_bad" in bad.details
    assert "last words" in bad.output
    assert not sleepers("987")


def sleepers(seconds: str) -> list[int]:
    """The processes that sleep for so many seconds."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "status"])
        if (process.info["cmdline"] or [])[-2:] == ["sleep", seconds] and process.info["status"] != "zombie"
    ]


KILLED_ONCE = """
import os, time, pathlib, pytest
@pytest.mark.parametrize("i", range(8))
def test_i(i):
    mark = pathlib.Path({directory!r}) / str(i)
    mark.write_text(str(os.getpid()) + " " + str(os.getppid()))
    if i == 4 and not (pathlib.Path({directory!r}) / "again").exists():
        time.sleep(60)
"""


@pytest.mark.parametrize("whom", ["runner", "parent"])
def test_a_kill_from_outside_runs_it_again(
    whom: str, suite: Suite, bench: Bencher, runner: asyncio.Runner, tmp_path: Path
) -> None:
    """SIGKILL of a runner or of its parent costs nobody a verdict: the test runs again and passes, with a note."""
    marks = tmp_path / "marks"
    marks.mkdir()
    made = bench(suite({"test_a.py": KILLED_ONCE.format(directory=str(marks))}), slots=1)

    async def kill() -> None:
        while not (marks / "4").exists() or not (marks / "4").read_text():  # noqa: ASYNC110  # another process writes
            await asyncio.sleep(0.05)
        pids = [int(word) for word in (marks / "4").read_text().split()]
        (marks / "again").touch()
        os.kill(pids[0] if whom == "runner" else pids[1], signal.SIGKILL)

    async def both() -> dict[str, str]:
        killer = asyncio.create_task(kill())
        outcomes = await made.run(work(), 4)
        await killer
        return outcomes

    assert Counter(runner.run(both()).values()) == {"passed": 8}
    assert by_name(made)["test_i[4]"].crashes == 1


def test_a_cancel_ends_it_soon(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A cancelled shard ends within seconds, with the cases that it has."""
    made = bench(suite({"test_a.py": AROUND.format(body="time.sleep(600)")}), slots=1)

    def cancel(_: CaseResult) -> None:
        made.contexts[-1].cancel_reason = "enough"
        made.contexts[-1].cancelled.set()

    made.on_report = cancel
    runner.run(made.run(work()))
    assert made.results[0].outcome is Outcome.CANCELLED
    assert made.results[0].reason == "enough"
    assert len(made.results[0].cases) == 1


def test_end_slot_is_an_infrastructure_failure(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """When a slot's Celery child is gone its shard ends as INFRA, and its runner is dead."""
    made = bench(suite({"test_a.py": AROUND.format(body="time.sleep(600)")}), slots=1)
    ending: list[asyncio.Task[None]] = []
    made.on_report = lambda _: ending.append(asyncio.create_task(made.executor.end_slot(0)))
    runner.run(made.run(work()))
    assert made.results[0].outcome is Outcome.INFRA


def test_endless_output_is_bounded(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """100 MB of output, captured or past the capture, and bytes that are no UTF-8 harm nothing."""
    body = """
import os, sys
def test_captured():
    for _ in range(1600): sys.stdout.write("x" * 65536)
    assert 0
def test_bytes():
    os.write(1, b"\\xff\\xfe broken \\xed\\xa0\\x80"); assert 0
def test_surrogate():
    assert "\\ud800" == ""
def test_raw(capfd):
    with capfd.disabled():
        for _ in range(1600): os.write(1, b"y" * 65536)
"""
    made = bench(suite({"test_a.py": body}), slots=1)
    assert list(runner.run(made.run(work(), 10)).values()) == ["failed", "failed", "failed", "passed"]
    cases = by_name(made)
    assert len(cases["test_captured"].output) < 200_000
    assert "broken" in cases["test_bytes"].output
    for case in made.reported:
        (case.output + case.details + case.message).encode()
    assert len(made.log) < 2_000_000
    assert "more output of this process is left out" in made.text


def test_a_daemon_does_not_survive(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """A process that a test daemonises ends with its runner, and holds nothing up."""
    body = """
import os, time
def test_daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execvp("sleep", ["sleep", "986"])
        os._exit(0)
def test_forked_without_exec():
    if os.fork() == 0:
        os.setsid()
        while True: time.sleep(1)
def test_back_out():
    os.fork()
def test_after(): pass
"""
    made = bench(suite({"test_a.py": body}), slots=1)
    assert Counter(runner.run(made.run(work(), 10)).values()) == {"passed": 4}
    runner.run(made.executor.close())
    assert not sleepers("986")


@pytest.mark.parametrize("isolation", [Isolation.TEST, Isolation.SHARD, Isolation.MODULE])
def test_isolation(isolation: Isolation, suite: Suite, bench: Bencher, runner: asyncio.Runner, tmp_path: Path) -> None:
    """Isolation says how many tests share a process."""
    log = tmp_path / "pids"
    body = f"""
import os, pytest
@pytest.mark.parametrize("i", range(4))
def test_i(i):
    with open({str(log)!r}, "a") as f: f.write(f"{{os.getpid()}}\\n")
"""
    made = bench(suite({"test_a.py": body, "test_b.py": body}), slots=1)
    assert Counter(runner.run(made.run(work(isolation=isolation), 2)).values()) == {"passed": 8}
    pids = Counter(log.read_text().split())
    assert len(pids) == {Isolation.TEST: 8, Isolation.SHARD: 4, Isolation.MODULE: 2}[isolation]


def test_session_teardown_is_charged_to_the_last_test(suite: Suite, bench: Bencher, runner: asyncio.Runner) -> None:
    """When nothing of the job waits, a session fixture that breaks at its teardown is the last test's error."""
    body = """
import pytest
@pytest.fixture(scope="session")
def s():
    yield
    raise ValueError("cannot stop")
def test_a(s): pass
def test_b(s): pass
"""
    made = bench(suite({"test_a.py": body}), slots=1)
    assert list(runner.run(made.run(work(), 1)).values()) == ["passed", "error"]
    assert "cannot stop" in by_name(made)["test_b"].message
