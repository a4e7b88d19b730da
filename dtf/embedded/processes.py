"""What the kernel knows about processes."""

import ctypes
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

#: In the environment of everything that a supervisor starts: which state directory it belongs to.
TOKEN_VARIABLE = "DTF_CLUSTER_TOKEN"  # noqa: S105  # a name, and it names a directory, not a secret

_PROC = Path("/proc")
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def become_subreaper() -> None:
    """Make orphaned descendants of this process its own children, so that it can wait for them."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def death_pact() -> Callable[[], None]:
    """Make a function that ties the process which calls it to the death of this one.

    Returns:
        A function for a child between fork and exec. It kills the child when the parent is already gone. The
        kernel watches the *thread* that forked, so fork from the main thread only.
    """
    prctl = ctypes.CDLL(None).prctl  # resolved here: nothing is loaded between fork and exec
    parent = os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return tie


def start_ticks(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None: there is no such process.

    A pid with its ticks names a process for ever; a pid alone is used again.
    """
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def is_running(pid: int, ticks: int) -> bool:
    """Whether that very process is there and not a zombie."""
    fields = _stat(pid)
    return bool(fields) and int(fields[19]) == ticks and fields[0] != "Z"


def descendants(ancestor: int) -> list[int]:
    """The processes below one, without itself."""
    children: dict[int, list[int]] = {}
    for pid in _pids():
        if fields := _stat(pid):
            children.setdefault(int(fields[1]), []).append(pid)
    found: list[int] = []
    frontier = [ancestor]
    while frontier:
        below = children.get(frontier.pop(), [])
        found += below
        frontier += below
    return found


def holders_of(token: str) -> list[int]:
    """The processes of this user that carry the token in their environment, without this one."""
    wanted = os.fsencode(f"{TOKEN_VARIABLE}={token}")
    return [pid for pid in _pids() if pid != os.getpid() and _is_mine(pid) and wanted in _environment(pid)]


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _pids() -> Iterator[int]:
    return (int(name) for name in os.listdir(_PROC) if name.isdigit())  # noqa: PTH208  # names are all it needs


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third (state) on; empty: no such process."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _is_mine(pid: int) -> bool:
    try:
        return (_PROC / str(pid)).stat().st_uid == os.getuid()
    except OSError:
        return False


def _environment(pid: int) -> list[bytes]:
    try:
        return (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []
