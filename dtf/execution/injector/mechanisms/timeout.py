"""Pages that do not answer: a promise that is never kept, a busy loop, an endless one."""

import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from dtf.domain.failure import FailureType
from dtf.execution.injector.browser_processes import find_processes
from dtf.execution.injector.injection import Scope, Seen
from dtf.execution.injector.javascript import ADAPTER, BUSY, ENDLESS, NEVER
from dtf.execution.injector.look import ANSWER_S, answers, ask
from dtf.execution.injector.mechanisms.ending import are_gone
from dtf.execution.injector.mechanisms.patch import TIMES, restore
from dtf.execution.injector.subject import Subject

if TYPE_CHECKING:
    from dtf.execution.injector.own_process import OwnProcess

_WAIT_S = 1.5
_BUSY_S = 5.0
_CLOSE_S = 3.0
#: How long a renderer may take to end when its last page has gone, in seconds.
_GONE_S = 5.0
#: How long a page takes at the longest to begin its loop after it said so, in seconds.
_BEGIN_S = 0.3


class NeverAnswers:
    """The next questions of the document are never answered."""

    mechanism = f"the next {TIMES} requests for an adapter or a fetch never end"
    scope = Scope.USE

    def __init__(self, subject: Subject) -> None:
        self._page = subject.page

    async def apply(self) -> None:
        """Stand between the page and its browser."""
        await ask(self._page, NEVER, TIMES)

    async def look(self) -> Seen | None:
        """Ask for an adapter."""
        with suppress(TimeoutError):
            await ask(self._page, ADAPTER, within_s=_WAIT_S)
            return None
        return Seen(kind=FailureType.TIMEOUT, words=f"requestAdapter() gave no answer within {_WAIT_S:g} s")

    async def clear(self) -> str:
        """Stand aside."""
        return await restore(self._page)


class BusyPage:
    """The page is busy with itself for some seconds."""

    mechanism = f"the page loops for {_BUSY_S:g} s"
    scope = Scope.USE

    def __init__(self, subject: Subject) -> None:
        self._page = subject.page

    async def apply(self) -> None:
        """Begin the loop."""
        await ask(self._page, BUSY, _BUSY_S * 1000)
        await asyncio.sleep(_BEGIN_S)

    async def look(self) -> Seen | None:
        """Ask for anything."""
        return await answers(self._page)

    async def clear(self) -> str:
        """Wait for its end."""
        if await answers(self._page, within_s=_BUSY_S + ANSWER_S) is None:
            return "the loop has ended"
        return "gone with its page" if self._page.is_closed() else ""


class EndlessPage:
    """The page is busy with itself for ever."""

    mechanism = "the page loops for ever"
    scope = Scope.PAGE

    def __init__(self, subject: Subject) -> None:
        self._page = subject.page
        self._renderer: OwnProcess | None = None

    async def apply(self) -> None:
        """Begin the loop."""
        self._renderer = (await find_processes(self._page)).renderer
        await ask(self._page, ENDLESS)
        await asyncio.sleep(_BEGIN_S)

    async def look(self) -> Seen | None:
        """Ask for anything."""
        return await answers(self._page)

    async def clear(self) -> str:
        """Close the page, and kill its renderer where that goes on."""
        from playwright.async_api import Error  # noqa: PLC0415  # an extra

        with suppress(TimeoutError, Error):
            await asyncio.wait_for(self._page.close(), _CLOSE_S)
        if self._renderer is None or await are_gone((self._renderer,), _GONE_S):
            return "gone with its page"
        self._renderer.send(signal.SIGKILL)
        return "its renderer was killed"
