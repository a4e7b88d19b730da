"""A context of its own for one check, with a page that is ready."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from dtf.execution.browser_host.adapter import Adapter, ask_adapter
from dtf.execution.browser_host.offline import BLANK, answer_blank, keep_offline

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, WebError

#: How many lines of the console are kept, the last, and how long each may be.
_LINES, _LONGEST = 2000, 2000


class Stage:
    """A context of its own for one check, with a page that is ready: nothing of one job is seen by the next.

    Attributes:
        context: The context; requests of its pages reach loopback alone.
        page: A page that shows nothing, in a secure context.
        adapter: What that page was given when it asked for a WebGPU adapter.
        console: What pages wrote to their console, and their uncaught errors.
        refused: Addresses away from this machine that pages asked for.
        crashed: Set when the renderer of one of its pages crashes.
    """

    def __init__(self, context: "BrowserContext", page: "Page", adapter: Adapter, refused: list[str]) -> None:
        self.context = context
        self.page = page
        self.adapter = adapter
        self.console: deque[str] = deque(maxlen=_LINES)
        self.refused = refused
        self.crashed = asyncio.Event()
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("page", self._watch)
        self._watch(page)

    @classmethod
    async def open(cls, browser: "Browser", *, offline: bool = True) -> "Stage":
        """Open one and ask for its adapter; the caller bounds the time.

        Args:
            browser: Where.
            offline: Whether its pages reach loopback alone; otherwise nothing of theirs is looked at.
        """
        refused: list[str] = []
        if offline:
            context = await browser.new_context(service_workers="block")
            await keep_offline(context, refused)
        else:
            context = await browser.new_context()
            await answer_blank(context)
        # what happened is wanted only when something failed, which nobody knows beforehand
        await context.tracing.start(snapshots=True)
        page = await context.new_page()
        await page.goto(BLANK)
        return cls(context, page, await ask_adapter(page), refused)

    def _watch(self, page: "Page") -> None:
        page.on("crash", lambda _: self.crashed.set())

    def _console(self, message: "ConsoleMessage") -> None:
        self.console.append(f"{message.type}: {message.text}"[:_LONGEST])

    def _error(self, error: "WebError") -> None:
        self.console.append(f"uncaught: {error.error}"[:_LONGEST])
