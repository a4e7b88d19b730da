import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dtf.execution.browser_recovery.enclosure import Enclosure
from dtf.processes.libc import set_subreaper

#: Leaves a file, and a process that is stopped in a session of its own and has lost its parent; says its pid.
_LEAVES = ["sh", "-c", "touch $TMPDIR/left; setsid sh -c 'kill -STOP $$; sleep 300' >/dev/null & echo $!"]


def _leave() -> int:
    return int(subprocess.run(_LEAVES, check=True, stdout=subprocess.PIPE, timeout=60).stdout)


def _stat(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def _becomes(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def test_what_was_started_inside_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Orphans and stopped ones too, with their files; what ran before goes on, and no zombie is left."""
    monkeypatch.delenv("TMPDIR", raising=False)
    before = subprocess.Popen(["sleep", "300"], start_new_session=True)
    try:
        with Enclosure():
            place = Path(os.environ["TMPDIR"])
            orphan = _leave()
            assert _becomes(lambda: _stat(orphan) == "T")
            assert (place / "left").exists()
        assert _stat(orphan) == ""
        assert not place.exists()
        assert "TMPDIR" not in os.environ
        assert before.poll() is None
        assert not set_subreaper(adopts=False), "it adopts no more"
    finally:
        before.kill()
        before.wait()


def test_in_a_hurry_processes_are_killed_and_nothing_is_waited_for() -> None:
    """For a second signal: SIGKILL is sent, the files may stay; the end comes after it as ever."""
    with Enclosure() as enclosure:
        place = Path(os.environ["TMPDIR"])
        orphan = _leave()
        assert _becomes(lambda: _stat(orphan) == "T")
        enclosure.end_at_once()
        assert _becomes(lambda: _stat(orphan) == "Z")
        assert place.exists()
        assert enclosure.end() == ()
        assert not place.exists()
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()
