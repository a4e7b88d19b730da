"""A browser of which each part can be replaced: page, context, browser, driver."""

import asyncio
import logging
import platform
import secrets
import signal
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Self

from dtf.domain.breaker import Target
from dtf.domain.recovery import RecoveryAction
from dtf.execution.browser_host.adapter import ask_adapter
from dtf.execution.browser_host.choice import Family
from dtf.execution.browser_host.launch import launch
from dtf.execution.browser_host.offline import keep_offline
from dtf.execution.browser_host.server import LoopbackServer
from dtf.execution.browser_recovery.driver import Driver
from dtf.execution.browser_recovery.probe import Probe
from dtf.execution.injector.injection import InjectorError
from dtf.execution.injector.pace import measure_pace
from dtf.execution.injector.subject import Subject

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page

    from dtf.execution.browser_host.choice import BrowserChoice

_log = logging.getLogger(__name__)

_PAGE, _TEXT = "/well.html", "/well.txt"
#: How long closing what is left behind may take, in seconds.
_CLOSE_S = 3.0
_ADAPTER_S = 20.0


class Workplace:
    """A browser with a page that works, of which each part can be replaced.

    What an action leaves behind stays as it is until ``tidy``: a failure that sat in it can be seen to be still there.

    Args:
        choice: Which browser.

    Attributes:
        probe: What its page must be able to do, as measured while it was well.
    """

    probe: Probe
    _browser: "Browser"
    _context: "BrowserContext"
    _page: "Page"

    def __init__(self, choice: "BrowserChoice") -> None:
        self.choice = choice
        self._token = secrets.token_hex(8)
        documents = {_PAGE: b"<!doctype html><title>well</title>", _TEXT: self._token.encode()}
        self._server = LoopbackServer(documents=documents)
        self._driver = Driver()
        self._left: list[Page | BrowserContext] = []

    async def __aenter__(self) -> Self:
        """Start it, and see what it can do.

        Raises:
            InjectorError: It does not start, or its page does not work: there is nothing to break.
        """
        await self._server.__aenter__()
        try:
            await self._driver.start()
            await self._open_browser()
            adapter = await asyncio.wait_for(ask_adapter(self._page), _ADAPTER_S)
            is_chromium = self.choice.family is Family.CHROMIUM
            pace_ms = await measure_pace(self._page) if is_chromium else None
            self.probe = Probe(path=_TEXT, text=self._token, webgpu=adapter.available, pace_ms=pace_ms)
        except BaseException as error:
            await self.__aexit__()
            if not isinstance(error, Exception):
                raise
            raise InjectorError(f"{self.choice.browser} does not start: {_told(error)}") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        """End all of it."""
        await self._driver.end()
        await self._server.__aexit__()

    @property
    def target(self) -> Target:
        """What the history of recoveries calls it: a browser on a host, which nothing has hurt before."""
        return Target(hardware=self.choice.browser, name=f"{platform.node()}-{self._token}")

    @property
    def subject(self) -> Subject:
        """The page with what is around it, as they are now."""
        return Subject(browser_name=self.choice.browser, browser=self._browser, context=self._context, page=self._page)

    async def act(self, action: RecoveryAction) -> None:
        """Do it; the caller bounds the time. What a broken browser raises is raised."""
        if action is RecoveryAction.RELOAD_PAGE:
            await self._page.reload()
        elif action is RecoveryAction.NEW_PAGE:
            self._left.append(self._page)
            await self._open_page()
        elif action is RecoveryAction.NEW_CONTEXT:
            self._left.append(self._context)
            await self._open_context()
        elif action is RecoveryAction.RESTART_BROWSER:
            await self._restart_browser()
        elif action is RecoveryAction.RESTART_DRIVER:
            await self._driver.end()
            await self._driver.start()
            await self._open_browser()

    async def tidy(self) -> None:
        """Close what was left behind, as far as it still listens."""
        for left in self._left:
            await _bounded("what was left behind", left.close())
        self._left.clear()

    async def _restart_browser(self) -> None:
        # what is stopped or hangs does not close itself
        self._driver.send_below(signal.SIGKILL)
        await _bounded("the browser", self._browser.close())
        await self._open_browser()

    async def _open_browser(self) -> None:
        self._left.clear()  # it ended with the browser
        self._browser = await launch(self._driver.playwright, self.choice)
        self._driver.note()
        await self._open_context()

    async def _open_context(self) -> None:
        self._context = await self._browser.new_context(service_workers="block")
        await keep_offline(self._context, [])
        await self._open_page()

    async def _open_page(self) -> None:
        self._page = await self._context.new_page()
        await self._page.goto(self._server.origin + _PAGE)


async def _bounded(what: str, closing: Awaitable[None]) -> None:
    try:
        await asyncio.wait_for(closing, _CLOSE_S)
    except Exception as error:  # noqa: BLE001  # it is broken: whatever it raises, it is left to its end
        _log.info("%s did not close: %s", what, str(error) or type(error).__name__)


def _told(error: Exception) -> str:
    """What an error says first; Playwright adds a whole log."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
