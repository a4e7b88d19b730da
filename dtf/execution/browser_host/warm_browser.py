"""A browser that is kept over many checks, with the next one's page always ready."""

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from dtf.domain.errors import DtfError
from dtf.execution.browser_host.adapter import Adapter
from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.browser_host.launch import launch
from dtf.execution.browser_host.stage import Stage

if TYPE_CHECKING:
    from playwright.async_api import Browser, CDPSession, Playwright

_log = logging.getLogger(__name__)

#: How long a healthy browser may take to open a page and to give it an adapter, in seconds.
_STAGE_S = 20.0
_CLOSE_S = 5.0
_PORT_FILE = "DevToolsActivePort"
_DATA = "--user-data-dir="


class BrowserSickError(DtfError):
    """The browser does not do what it did before, or does nothing any more."""


class WarmBrowser:
    """A browser that is kept over many checks.

    While it waits it has a context with a page that has asked for its adapter. So the next check begins at once, and
    that the page could be opened and was given an adapter shows that the browser is well.

    Attributes:
        choice: Which browser it is.
        debug_port: Whether other programs may connect to it.
        pages: How many pages those have opened since it was handed over to them.
    """

    def __init__(self, browser: "Browser", choice: BrowserChoice, *, debug_port: bool) -> None:
        self.choice = choice
        self.debug_port = debug_port
        self._browser = browser
        self.pages = 0
        self._session: CDPSession | None = None
        self._standing: asyncio.Task[Stage] | None = None
        self._adapter: Adapter | None = None

    @classmethod
    async def start(cls, playwright: "Playwright", choice: BrowserChoice, *, debug_port: bool) -> "WarmBrowser":
        """Start one; the caller bounds the time."""
        return cls(await launch(playwright, choice, debug_port=debug_port), choice, debug_port=debug_port)

    @property
    def version(self) -> str:
        """Its version."""
        return self._browser.version

    @property
    def connected(self) -> bool:
        """Whether it still runs, as far as the driver knows."""
        return self._browser.is_connected()

    def stand_by(self) -> None:
        """Begin to open the page of the next check."""
        if self._standing is None:
            self._standing = asyncio.create_task(asyncio.wait_for(Stage.open(self._browser), _STAGE_S))

    async def ready(self) -> Stage:
        """Wait for the page of the next check, which stays ready.

        Raises:
            BrowserSickError: It could not be opened, or was refused an adapter although an earlier one had one.
        """
        self.stand_by()
        assert self._standing is not None  # noqa: S101  # stand_by has just seen to it
        try:
            stage = await asyncio.shield(self._standing)
        except TimeoutError as error:
            raise BrowserSickError(f"it did not open a page within {_STAGE_S:g} s") from error
        except Exception as error:  # whatever the driver raises, the browser is of no use
            raise BrowserSickError(f"it did not open a page: {error}") from error
        if stage.crashed.is_set():
            raise BrowserSickError("the page that stood by crashed")
        if self._adapter is not None and self._adapter.available and not stage.adapter.available:
            raise BrowserSickError(f"it gives no adapter any more: {stage.adapter.reason}")
        self._adapter = stage.adapter
        return stage

    async def look(self, *, brief: bool) -> Adapter:
        """See whether the browser is well, and return the adapter that it gives.

        Args:
            brief: Whether it is enough that it still runs and gave an adapter before.

        Raises:
            BrowserSickError: It is not.
        """
        if brief and self._adapter is not None:
            if not self.connected:
                raise BrowserSickError("it ended")
            return self._adapter
        return (await self.ready()).adapter

    async def take(self) -> Stage:
        """The page of the next check, for that check."""
        stage = await self.ready()
        self._standing = None
        return stage

    async def hand_over(self) -> None:
        """Let no page stand by, as others are to see none that is not theirs, and count what they open from now on."""
        if self._standing is not None:
            stage = await self.take()
            await stage.context.close()
        if self._session is None:
            self._session = await self._browser.new_browser_cdp_session()
            self._session.on("Target.targetCreated", self._target_created)
            await self._session.send("Target.setDiscoverTargets", {"discover": True})
        self.pages = 0

    def _target_created(self, event: dict[str, Any]) -> None:
        self.pages += event["targetInfo"]["type"] == "page"

    async def endpoint(self) -> str:
        """Where other programs can connect over the Chrome DevTools Protocol; empty when they cannot."""
        if not self.debug_port:
            return ""
        return await asyncio.to_thread(_endpoint_of_child)

    async def discard(self) -> None:
        """Let another page stand by than the one that does."""
        standing, self._standing = self._standing, None
        if standing is None:
            return
        standing.cancel()
        (found,) = await asyncio.gather(standing, return_exceptions=True)
        if isinstance(found, Stage):
            await asyncio.wait_for(found.context.close(), _CLOSE_S)

    async def abandon(self) -> None:
        """Forget it: its processes are gone."""
        standing, self._standing = self._standing, None
        if standing is not None:
            standing.cancel()
            await asyncio.gather(standing, return_exceptions=True)

    async def close(self) -> None:
        """Close it, if it still listens; what is left is the guardian's to kill."""
        if self._standing is not None:
            self._standing.cancel()
            await asyncio.gather(self._standing, return_exceptions=True)
        try:
            await asyncio.wait_for(self._browser.close(), _CLOSE_S)
        except TimeoutError:
            _log.warning("the browser did not close within %g s", _CLOSE_S)


def _endpoint_of_child() -> str:
    """The address of the one browser below this process, from the file in its profile that names the port."""
    for process in psutil.Process().children(recursive=True):
        words = process.cmdline()
        profiles = [word.removeprefix(_DATA) for word in words if word.startswith(_DATA)]
        if profiles and not any(word.startswith("--type=") for word in words):
            port = (Path(profiles[0]) / _PORT_FILE).read_text().split()[0]
            return f"http://127.0.0.1:{int(port)}"
    raise BrowserSickError("its process is not to be found")
