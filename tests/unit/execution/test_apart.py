import json
import os
import time
from pathlib import Path

import psutil
import pytest

from dtf.execution.apart import ask_apart


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that can be asked."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "stand_in_question.py"


def test_an_answer(module: Path) -> None:
    """What it prints is the answer, and its arguments reach it."""
    module.write_text("import sys; print(sys.argv[1:])")
    answer = ask_apart("stand_in_question", "a", "b", limit_s=60)
    assert (answer.text, answer.reason) == ("['a', 'b']\n", "")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import os; os.abort()", "it was ended by SIGABRT"),
        ("raise SystemExit(3)", "it ended with status 3"),
        ("raise ValueError('broken driver')", "it ended with status 1: ValueError: broken driver"),
    ],
)
def test_another_end_is_a_reason(module: Path, source: str, words: str) -> None:
    """Death by a signal, a status, and the last line of an error are told."""
    module.write_text(source)
    assert ask_apart("stand_in_question", limit_s=60).reason == words


def test_what_takes_too_long_is_killed_with_its_children(module: Path, tmp_path: Path) -> None:
    """After its time the process is gone, and so is what it started."""
    pids = tmp_path / "pids"
    module.write_text(
        "import json, os, subprocess, sys\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        f"open({str(pids)!r} + '.new', 'w').write(json.dumps([os.getpid(), child.pid]))\n"
        f"os.rename({str(pids)!r} + '.new', {str(pids)!r})\n"
        "child.wait()\n"
    )
    answer = ask_apart("stand_in_question", limit_s=6)
    assert "did not answer within 6 s" in answer.reason
    started = json.loads(pids.read_text())
    deadline = time.monotonic() + 30
    while any(_runs(pid) for pid in started) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(_runs(pid) for pid in started)
    assert os.getpid() not in started


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
