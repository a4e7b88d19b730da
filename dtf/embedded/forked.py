"""Runs a function in a process of its own, so that the supervisor stays small and single-threaded."""

import os
import signal
import sys
from collections.abc import Callable

from dtf.domain.errors import ClusterError
from dtf.processes.libc import death_signal_armer
from dtf.processes.reaper import Reaper

_LONGEST_MESSAGE = 4096


class Forked:
    """A function that runs in a forked child, which dies with this process."""

    def __init__(self, function: Callable[[], None], reaper: Reaper) -> None:
        """Fork at once.

        Args:
            function: What to run; it may import and open what it likes.
            reaper: Waits for the child.
        """
        tie = death_signal_armer()
        self._reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signals = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            pid = os.fork()
            if pid == 0:
                _child(function, tie, writing)
            self._ended = reaper.expect(pid)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, signals)
            os.close(writing)

    async def wait(self) -> None:
        """Wait for the child's end.

        Raises:
            ClusterError: The function raised, or its process died; the message says how.
        """
        try:
            code = (await self._ended).status
            message = _message(self._reading)
        finally:
            os.close(self._reading)
        if code != 0:
            raise ClusterError(message or f"a process of the supervisor ended with {code}")


def _message(descriptor: int) -> str:
    try:
        return os.read(descriptor, _LONGEST_MESSAGE).decode("utf-8", "replace")
    except BlockingIOError:  # somebody else has inherited the pipe
        return ""


def _child(function: Callable[[], None], tie: Callable[[], None], writing: int) -> None:
    """What the forked process does; it never returns."""
    code = 1
    try:
        tie()
        signal.set_wakeup_fd(-1)  # the loop's own: a signal here must not wake the parent
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        function()
        code = 0
    except BaseException as error:  # noqa: BLE001  # the parent is told; nothing may unwind into its frames
        text = str(error) or type(error).__name__
        os.write(writing, text.encode("utf-8", "replace")[:_LONGEST_MESSAGE])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
