"""What happens to a page beside what it says itself."""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections import deque

    from playwright.async_api import BrowserContext, ConsoleMessage, Dialog, Error, Page

#: How many windows a page may have open beside its own.
WINDOWS = 4
_LONGEST = 2000
#: How ``window.dtf`` begins what it complains of in the console; how much of that is kept.
_COMPLAINT = "dtf: "
_LONGEST_COMPLAINT, _COMPLAINTS = 200, 3


class PageWatch:
    """Dismisses a page's dialogs, closes windows beyond a number, and hears of its end and of its first uncaught error.

    Args:
        context: The page's.
        page: The page.
        console: Takes a line about each thing that was done.

    Attributes:
        ended: Why nothing more will come of the page; pending as long as it lives.
        error: Its first uncaught error; pending as long as there is none.
        complaints: Why what it reported did not reach dtf, in the words of ``window.dtf``; each once.
    """

    def __init__(self, context: "BrowserContext", page: "Page", console: "deque[str]") -> None:
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[str] = loop.create_future()
        self.error: asyncio.Future[str] = loop.create_future()
        self.complaints: list[str] = []
        self._console = console
        self._windows: set[Page] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        context.on("page", self._window_opened)
        context.on("dialog", self._dialog)
        context.on("console", self._heard)
        page.on("pageerror", self._uncaught)
        page.on("close", lambda _: self._end("the page closed itself"))
        page.on("crash", lambda _: self._end("the page crashed"))

    def _uncaught(self, error: "Error") -> None:
        if not self.error.done():
            self.error.set_result(f"{error.name or 'uncaught'}: {error.message}"[:_LONGEST])

    def _end(self, reason: str) -> None:
        if not self.ended.done():
            self.ended.set_result(reason)

    def _heard(self, message: "ConsoleMessage") -> None:
        line = message.text[:_LONGEST_COMPLAINT]
        wanted = message.type == "error" and line.startswith(_COMPLAINT)
        if wanted and line not in self.complaints and len(self.complaints) < _COMPLAINTS:
            self.complaints.append(line)

    def _dialog(self, dialog: "Dialog") -> None:
        self._note(f"{dialog.type} dismissed: {dialog.message}")
        self._soon(dialog.dismiss())

    def _window_opened(self, page: "Page") -> None:
        self._windows.add(page)
        page.on("close", lambda closed: self._windows.discard(closed))  # noqa: PLW0108  # Playwright marks what it is given
        if len(self._windows) > WINDOWS:
            self._note(f"a window was closed: {WINDOWS} are open already")
            self._soon(page.close())

    def _note(self, line: str) -> None:
        self._console.append(f"dtf: {line}"[:_LONGEST])

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._carry_out(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry_out(self, work: Coroutine[Any, Any, None]) -> None:
        from playwright.async_api import Error  # noqa: PLC0415  # an extra

        try:
            await work
        except Error as error:  # the page was faster: what was to be closed is gone
            self._note(error.message)
