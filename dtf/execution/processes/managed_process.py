"""A process tree under the guardian's care."""

import asyncio
from collections.abc import Callable

from dtf.domain.ports.executor import Exit
from dtf.execution.processes.ending import Finder, end_processes


class ManagedProcess:
    """A process tree that the guardian started and will not leave behind.

    Attributes:
        pid: Its first process.
        token: The mark in the environment of the whole tree.
    """

    def __init__(self, pid: int, token: str, ended: asyncio.Future[Exit], finder: Callable[[int, str], Finder]) -> None:
        self.pid = pid
        self.token = token
        self._ended = ended
        self._finder = finder

    @property
    def exit(self) -> Exit | None:
        """How its first process ended; None while it runs."""
        return self._ended.result() if self._ended.done() and not self._ended.cancelled() else None

    async def wait(self) -> Exit:
        """Wait until its first process has ended."""
        return await asyncio.shield(self._ended)

    async def kill(self, grace_s: float = 2.0) -> Exit:
        """TERM the whole tree, wait, KILL what is left, daemonised descendants included.

        It may be called after the first process has ended, for what that left behind.
        """
        # an ended process is reaped and its pid may be another's
        root = 0 if self._ended.done() else self.pid
        await end_processes(self._finder(root, self.token), grace_s)
        return await self.wait()
