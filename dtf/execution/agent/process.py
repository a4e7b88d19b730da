"""What the agent asks of the kernel."""

from __future__ import annotations

import ctypes
import os
import signal
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

# Tests patch these; a runner needs the real ones at any time.
_kill = os.kill
_waitpid = os.waitpid


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends; at once when that has happened already.

    A fork clears the setting, so each forked process asks anew.

    Args:
        parent: The process id of the parent as it was before the fork.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends: a process that a test daemonises stays in sight."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> set[int]:
    """The process ids of this process's children, zombies included."""
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    with suppress(OSError):
        return {int(word) for word in path.read_text().split()}
    return _children_by_scan()


def _children_by_scan() -> set[int]:
    """The same where the kernel was built without the list: the fourth field of each process's stat."""
    own, found = str(os.getpid()), set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if (entry / "stat").read_text().rpartition(")")[2].split()[1] == own:
                    found.add(int(entry.name))
    return found


def kill_strays(known: set[int]) -> int:
    """Kill the children that are not among the known ones, and theirs; return how many there were.

    Whatever a dead runner leaves behind becomes a child of this process, so the loop ends when it sees none.
    """
    killed: set[int] = set()
    for _ in range(1000):
        strays = children() - known
        if not strays:
            break
        for pid in strays - killed:
            with suppress(OSError):
                _kill(pid, signal.SIGKILL)
        killed |= strays
        for pid in strays:
            with suppress(OSError):
                _waitpid(pid, os.WNOHANG)
    return len(killed)


def standard_streams(log: int) -> None:
    """Put the log under standard output and standard error, and nothing under standard input."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(log, 1)
    os.dup2(log, 2)
