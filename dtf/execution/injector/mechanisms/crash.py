"""Processes that crash: the page's renderer, by itself or killed, and the browser."""

import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from dtf.domain.failure import FailureType
from dtf.execution.injector.browser_processes import BrowserProcesses, find_processes
from dtf.execution.injector.injection import Scope, Seen
from dtf.execution.injector.look import answers
from dtf.execution.injector.mechanisms.ending import are_gone, end_all
from dtf.execution.injector.subject import Subject

if TYPE_CHECKING:
    from dtf.execution.injector.own_process import OwnProcess

_SEND_S = 2.0


class _Renderer:
    """What the two that hit the renderer have in common."""

    scope = Scope.PAGE

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._renderer: OwnProcess | None = None

    async def look(self) -> Seen | None:
        """See that it is gone, and what the page answers."""
        if self._renderer is None or not await are_gone((self._renderer,)):
            return None
        told = await answers(self._subject.page)
        words = f"/proc has no renderer {self._renderer.pid} any more; the page: {told.words if told else ''}"
        return Seen(kind=FailureType.CRASH, words=words) if told else None

    async def clear(self) -> str:
        """Nothing is left of it."""
        return "nothing is left of it" if self._renderer and not self._renderer.alive else ""


class PageCrash(_Renderer):
    """The page's renderer crashes by itself."""

    mechanism = "Page.crash over the Chrome DevTools Protocol"

    async def apply(self) -> None:
        """Have it crash."""
        from playwright.async_api import Error  # noqa: PLC0415  # an extra

        self._renderer = (await find_processes(self._subject.page)).renderer
        session = await self._subject.context.new_cdp_session(self._subject.page)
        with suppress(TimeoutError, Error):  # nobody is left to answer
            await asyncio.wait_for(session.send("Page.crash"), _SEND_S)


class RendererKilled(_Renderer):
    """The page's renderer is killed."""

    mechanism = "the renderer is killed"

    async def apply(self) -> None:
        """Kill it."""
        self._renderer = (await find_processes(self._subject.page)).renderer
        self._renderer.send(signal.SIGKILL)


class BrowserKilled:
    """The browser is killed."""

    mechanism = "the browser's main process is killed"
    scope = Scope.BROWSER

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._processes: BrowserProcesses | None = None
        self._tree: tuple[OwnProcess, ...] = ()

    async def apply(self) -> None:
        """Kill it."""
        self._processes = await find_processes(self._subject.page)
        self._tree = self._processes.tree()
        self._processes.main.send(signal.SIGKILL)

    async def look(self) -> Seen | None:
        """See that it is gone, and that the driver noticed."""
        if self._processes is None or not await are_gone((self._processes.main,)):
            return None
        told = await answers(self._subject.page)
        if told is None:
            return None
        words = f"/proc has no browser {self._processes.main.pid} any more; the page: {told.words}"
        return Seen(kind=FailureType.CRASH, words=words)

    async def clear(self) -> str:
        """End what it left behind."""
        left = await asyncio.to_thread(end_all, self._tree)
        return f"{left} processes that it left were ended" if left else "nothing is left of it"
