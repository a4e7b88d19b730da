"""Resources that run short: processor time, memory of the page, memory of its process."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from dtf.domain.failure import FailureType
from dtf.execution.injector.browser_processes import find_processes
from dtf.execution.injector.injection import InjectorError, Scope, Seen
from dtf.execution.injector.javascript import ALLOCATE, DROP_HOG, FILL_HEAP, HOG
from dtf.execution.injector.look import answers, ask
from dtf.execution.injector.mechanisms.ending import are_gone
from dtf.execution.injector.pace import measure_pace
from dtf.execution.injector.subject import Subject

if TYPE_CHECKING:
    from playwright.async_api import CDPSession

    from dtf.execution.injector.own_process import OwnProcess

#: How many times slower a page becomes, and how many times slower it must be seen to be.
_RATE, _SEEN_RATE = 10, 3.0
#: What a page must be refused, in bytes.
WANTED = 2**26
#: How much memory a process is left, and how much its page then asks for.
_LEFT, _BURST = 2**25, 2**30
_BURST_S = 20.0


class Throttled:
    """The page gets a tenth of its processor."""

    mechanism = f"the page's processor is throttled {_RATE} times"
    scope = Scope.PAGE

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._before_ms = 0.0
        self._session: CDPSession | None = None

    async def apply(self) -> None:
        """Measure its pace, and throttle it."""
        self._before_ms = await measure_pace(self._subject.page)
        self._session = await self._subject.context.new_cdp_session(self._subject.page)
        await self._session.send("Emulation.setCPUThrottlingRate", {"rate": _RATE})

    async def look(self) -> Seen | None:
        """Measure its pace again."""
        now_ms = await measure_pace(self._subject.page)
        if now_ms < _SEEN_RATE * self._before_ms:
            return None
        words = f"a loop takes {now_ms:.0f} ms of processor time in place of {self._before_ms:.0f}"
        return Seen(kind=FailureType.RESOURCE_EXHAUSTION, words=words)

    async def clear(self) -> str:
        """Throttle it no more."""
        from playwright.async_api import Error  # noqa: PLC0415  # an extra

        if self._session is None:
            return "it was not applied"
        try:
            await self._session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
            await self._session.detach()
        except Error:
            return "gone with its page"
        return "the page runs freely"


class MemoryHog:
    """The document has taken all that its process may address."""

    mechanism = "the document keeps arrays until no more are given"
    scope = Scope.DOCUMENT

    def __init__(self, subject: Subject) -> None:
        self._page = subject.page

    async def apply(self) -> None:
        """Take it; the machine's memory stays free, as nothing is written."""
        await ask(self._page, HOG, within_s=_BURST_S)

    async def look(self) -> Seen | None:
        """Ask for some more."""
        told = await ask(self._page, ALLOCATE, WANTED)
        return Seen(kind=FailureType.RESOURCE_EXHAUSTION, words=f"{WANTED >> 20} MiB: {told}") if told else None

    async def clear(self) -> str:
        """Let go of it."""
        from playwright.async_api import Error  # noqa: PLC0415  # an extra

        try:
            await ask(self._page, DROP_HOG)
        except (TimeoutError, Error):
            return "gone with its page"
        return "the document let go of its arrays"


class HeapBurst:
    """The page's process may not grow, and its page asks for more."""

    mechanism = f"the renderer's data is limited to {_LEFT >> 20} MiB more, and its heap filled"
    scope = Scope.PAGE

    def __init__(self, subject: Subject) -> None:
        self._page = subject.page
        self._renderer: OwnProcess | None = None
        self._limit = -1

    async def apply(self) -> None:
        """Limit it, and ask for more."""
        from playwright.async_api import Error  # noqa: PLC0415  # an extra

        self._renderer = (await find_processes(self._page)).renderer
        self._limit = self._renderer.limit_data(self._renderer.data_bytes + _LEFT)
        try:
            await ask(self._page, FILL_HEAP, _BURST, within_s=_BURST_S)
        except (TimeoutError, Error):
            return  # that is what is wanted; the look says what came of it
        raise InjectorError("the page got all the memory that it asked for, against its process's limit")

    async def look(self) -> Seen | None:
        """See that the process is gone, and what the page answers."""
        if self._renderer is None or not await are_gone((self._renderer,)):
            return None
        told = await answers(self._page)
        words = f"/proc has no renderer {self._renderer.pid} any more; the page: {told.words if told else ''}"
        return Seen(kind=FailureType.CRASH, words=words) if told else None

    async def clear(self) -> str:
        """Take the limit away where the process survived."""
        if self._renderer is None or not self._renderer.alive:
            return "gone with the renderer"
        with suppress(ProcessLookupError):
            await asyncio.to_thread(self._renderer.limit_data, self._limit)
        return "the limit was taken away"
