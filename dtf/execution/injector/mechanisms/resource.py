"""Resources that run short: processor time, memory of the page, memory of its process."""

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
    from playwright.async_api import CDPSession, Page

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
        return await _refused(self._page)

    async def clear(self) -> str:
        """Let go of it."""
        from playwright.async_api import Error  # noqa: PLC0415  # an extra

        try:
            await ask(self._page, DROP_HOG)
        except (TimeoutError, Error):
            return "gone with its page"
        return "the document let go of its arrays"


class MemoryLimited:
    """The page's process may not grow; pages of its context that share it are refused memory, and go on (Firefox)."""

    mechanism = f"the renderer's data is limited to {_LEFT >> 20} MiB more"
    scope = Scope.CONTEXT

    def __init__(self, subject: Subject) -> None:
        self._page = subject.page
        self._limited = _Limited()

    async def apply(self) -> None:
        """Limit it."""
        self._limited.process = (await find_processes(self._page)).renderer
        self._limited.apply(_LEFT)

    async def look(self) -> Seen | None:
        """Ask for some more."""
        return await _refused(self._page)

    async def clear(self) -> str:
        """Take the limit away."""
        return self._limited.clear()


def memory_taken(subject: Subject) -> MemoryHog | MemoryLimited:
    """How a page is refused memory: Firefox gives a document all the address space that it asks for."""
    return MemoryLimited(subject) if subject.browser_name == "firefox" else MemoryHog(subject)


class HeapBurst:
    """The page's process may not grow, and its page asks for more."""

    mechanism = f"the renderer's data is limited to {_LEFT >> 20} MiB more, and its heap filled"
    scope = Scope.PAGE

    def __init__(self, subject: Subject) -> None:
        self._page = subject.page
        self._limited = _Limited()

    async def apply(self) -> None:
        """Limit it, and ask for more."""
        from playwright.async_api import Error  # noqa: PLC0415  # an extra

        self._limited.process = (await find_processes(self._page)).renderer
        self._limited.apply(_LEFT)
        try:
            await ask(self._page, FILL_HEAP, _BURST, within_s=_BURST_S)
        except (TimeoutError, Error):
            return  # that is what is wanted; the look says what came of it
        raise InjectorError("the page got all the memory that it asked for, against its process's limit")

    async def look(self) -> Seen | None:
        """See that the process is gone, and what the page answers."""
        renderer = self._limited.process
        if renderer is None or not await are_gone((renderer,)):
            return None
        told = await answers(self._page)
        words = f"/proc has no renderer {renderer.pid} any more; the page: {told.words if told else ''}"
        return Seen(kind=FailureType.CRASH, words=words) if told else None

    async def clear(self) -> str:
        """Take the limit away where the process survived."""
        return self._limited.clear()


class _Limited:
    """A process whose data memory is limited."""

    def __init__(self) -> None:
        self.process: OwnProcess | None = None
        self._before: int | None = None

    def apply(self, left: int) -> None:
        """Leave it so many bytes more than it has."""
        if self.process is not None:
            self._before = self.process.limit_data(self.process.data_bytes + left)

    def clear(self) -> str:
        """Give it the limit that it had."""
        if self.process is None or self._before is None or not self.process.alive:
            return "gone with the renderer"
        with suppress(ProcessLookupError):  # it ended this moment
            self.process.limit_data(self._before)
        return "the limit was taken away"


async def _refused(page: "Page") -> Seen | None:
    told = await ask(page, ALLOCATE, WANTED)
    return Seen(kind=FailureType.RESOURCE_EXHAUSTION, words=f"{WANTED >> 20} MiB: {told}") if told else None
