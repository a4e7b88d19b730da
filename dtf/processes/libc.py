"""The calls of Linux for which Python has no name."""

import ctypes
import os
import signal
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_GET_CHILD_SUBREAPER = 37


def become_subreaper() -> None:
    """Adopt orphaned descendants in init's place, so that none of them gets out of sight.

    Raises:
        OSError: The kernel refused.
    """
    set_subreaper(adopts=True)


def set_subreaper(*, adopts: bool) -> bool:
    """Adopt orphaned descendants in init's place, or do so no more; return whether it was done before.

    Raises:
        OSError: The kernel refused.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    before = ctypes.c_int()
    asked = libc.prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(before), 0, 0, 0)
    if asked != 0 or libc.prctl(_PR_SET_CHILD_SUBREAPER, int(adopts), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return bool(before.value)


def death_signal_armer() -> Callable[[], None]:
    """Make what a forked child calls before it execs, so that it dies with this process.

    The library is loaded here: a child between fork and exec must not load anything. The signal fires when the
    *thread* that forked ends, so the fork has to come from the main thread.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def arm() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the signal was armed
            os.kill(os.getpid(), signal.SIGKILL)

    return arm
