"""Waits for every child of the supervisor, adopted ones included."""

import asyncio
import contextlib
import os
import signal


class Reaper:
    """Collects the exit statuses of children and of orphans that the kernel hands over."""

    def __init__(self) -> None:
        self._awaited: dict[int, asyncio.Future[int]] = {}
        self._died = asyncio.Event()

    def open(self) -> None:
        """Begin; needs the running loop in the main thread."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self.reap)

    def watch(self, pid: int) -> asyncio.Future[int]:
        """Give the exit code of a child that was just started, negative for a signal, when it ends."""
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._awaited[pid] = future
        return future

    def reap(self) -> bool:
        """Collect what has ended.

        Returns:
            Whether any child is left.
        """
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            self._died.set()
            future = self._awaited.pop(pid, None)
            if future is not None and not future.done():
                future.set_result(os.waitstatus_to_exitcode(status))

    async def wait_for_all(self, timeout_s: float) -> bool:
        """Wait until no child is left.

        Args:
            timeout_s: How long, in seconds.

        Returns:
            Whether none is left.
        """
        deadline = asyncio.get_running_loop().time() + timeout_s
        while self.reap():
            self._died.clear()
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return False
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._died.wait(), min(left, 0.5))
        return True
