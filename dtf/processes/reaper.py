"""The one place that waits for children."""

import asyncio
import contextlib
import logging
import os
import signal

from dtf.domain.ports.executor import Exit

log = logging.getLogger(__name__)

_LONGEST_WAIT_S = 0.5  # a signal that was merged with another one costs no more than this


class Reaper:
    """Waits for every child of this process and hands its end to whoever asked.

    A subreaper gets children that it never started: what a process left behind when it ended. Waiting for single
    pids would leave those as zombies, so there is one loop over ``wait4(-1)``, driven by SIGCHLD. Signals that come
    together are one; hence the loop goes on until nothing more has ended.
    """

    def __init__(self) -> None:
        self._expected: dict[int, asyncio.Future[Exit]] = {}
        self._ended = asyncio.Event()

    def start(self) -> None:
        """Begin; in the main thread, with the loop running."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self.reap)

    def stop(self) -> None:
        """Collect what has ended and hear no more of it."""
        self.reap()
        asyncio.get_running_loop().remove_signal_handler(signal.SIGCHLD)

    def expect(self, pid: int) -> asyncio.Future[Exit]:
        """The end of a child that was started just now, before the loop could go on."""
        future: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        self._expected[pid] = future
        return future

    def is_expected(self, pid: int) -> bool:
        """Whether it is a child that this process started and that has not ended."""
        return pid in self._expected

    def reap(self) -> bool:
        """Collect every child that has ended.

        Returns:
            Whether any child is left.
        """
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            self._ended.set()
            future = self._expected.pop(pid, None)
            if future is None:
                log.debug("an adopted orphan has ended: pid %d, status %d", pid, status)
            elif not future.done():
                future.set_result(
                    Exit(
                        code=os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
                        signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
                        cpu_s=usage.ru_utime + usage.ru_stime,
                        max_rss_bytes=usage.ru_maxrss * 1024,
                    )
                )

    async def wait_for_all(self, timeout_s: float) -> bool:
        """Wait until no child is left, adopted ones included.

        Args:
            timeout_s: How long, in seconds.

        Returns:
            Whether none is left.
        """
        deadline = asyncio.get_running_loop().time() + timeout_s
        while self.reap():
            self._ended.clear()
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return False
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), min(left, _LONGEST_WAIT_S))
        return True
