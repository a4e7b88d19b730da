"""Connections that fail: requests that are aborted, a network that is away, a driver that is killed."""

import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from dtf.domain.failure import FailureType
from dtf.execution.injector.browser_processes import BrowserProcesses, find_processes
from dtf.execution.injector.injection import Scope, Seen
from dtf.execution.injector.look import answers, reaches
from dtf.execution.injector.mechanisms.ending import are_gone, end_all
from dtf.execution.injector.mechanisms.patch import TIMES
from dtf.execution.injector.subject import Subject

if TYPE_CHECKING:
    from playwright.async_api import Route

    from dtf.execution.injector.own_process import OwnProcess

_ALL = "**/*"


class AbortedRequests:
    """The next requests of the context fail."""

    mechanism = f"the next {TIMES} requests are aborted"
    scope = Scope.USE

    def __init__(self, subject: Subject) -> None:
        self._context = subject.context
        self._left = TIMES

    async def apply(self) -> None:
        """Stand before all other routes."""
        await self._context.route(_ALL, self._abort)

    async def look(self) -> Seen | None:
        """Load a page of this machine's."""
        return await reaches(self._context)

    async def clear(self) -> str:
        """Stand aside."""
        from playwright.async_api import Error  # noqa: PLC0415  # an extra

        with suppress(Error):  # the context is gone, with its routes
            await self._context.unroute(_ALL, self._abort)
        return f"the route was taken away; {self._left} were left"

    async def _abort(self, route: "Route") -> None:
        if self._left > 0:
            self._left -= 1
            await route.abort("connectionreset")
        else:
            await route.fallback()


class Offline:
    """The context has no network."""

    mechanism = "the context's network is switched off"
    scope = Scope.CONTEXT

    def __init__(self, subject: Subject) -> None:
        self._context = subject.context

    async def apply(self) -> None:
        """Switch it off."""
        await self._context.set_offline(offline=True)

    async def look(self) -> Seen | None:
        """Load a page of this machine's."""
        return await reaches(self._context)

    async def clear(self) -> str:
        """Switch it on."""
        from playwright.async_api import Error  # noqa: PLC0415  # an extra

        try:
            await self._context.set_offline(offline=False)
        except Error:
            return "gone with its context"
        return "the network was switched on"


class DriverKilled:
    """Playwright's driver is gone, and every call with it."""

    mechanism = "the driver process is killed"
    scope = Scope.DRIVER

    def __init__(self, subject: Subject) -> None:
        self._page = subject.page
        self._processes: BrowserProcesses | None = None
        self._tree: tuple[OwnProcess, ...] = ()

    async def apply(self) -> None:
        """Kill it."""
        self._processes = await find_processes(self._page)
        self._tree = self._processes.tree()
        self._processes.driver.send(signal.SIGKILL)

    async def look(self) -> Seen | None:
        """See that it is gone, and what a page answers."""
        if self._processes is None or not await are_gone((self._processes.driver,)):
            return None
        told = await answers(self._page)
        pid = self._processes.driver.pid
        words = f"/proc has no driver {pid} any more; a call says: {told.words if told else 'nothing'}"
        return Seen(kind=FailureType.CONNECTION_FAILURE, words=words) if told else None

    async def clear(self) -> str:
        """End what the driver left behind: nobody can drive that browser any more."""
        left = await asyncio.to_thread(end_all, self._tree)
        return f"{left} processes that the driver left were ended" if left else "the browser ended with its driver"
