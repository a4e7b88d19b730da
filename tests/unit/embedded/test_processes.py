import os
import subprocess
import sys

from dtf.embedded.processes import descendants, holders_of, is_running, start_ticks


def test_a_process_is_known_by_pid_and_start() -> None:
    """Another start time means another process."""
    ticks = start_ticks(os.getpid())

    assert ticks is not None
    assert is_running(os.getpid(), ticks)
    assert not is_running(os.getpid(), ticks + 1)
    assert start_ticks(2**22 + 1) is None


def test_descendants_and_token_holders_are_found() -> None:
    """A child is found below its parent, and by the token in its environment, not by a longer or shorter one."""
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; print('ready', flush=True); sys.stdin.read()"],
        env={"DTF_CLUSTER_TOKEN": "abc"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout is not None
        child.stdout.readline()

        assert child.pid in descendants(os.getpid())
        assert holders_of("abc") == [child.pid]
        assert holders_of("ab") == []

        assert child.stdin is not None
        child.stdin.close()
