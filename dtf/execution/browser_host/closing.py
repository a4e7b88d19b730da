"""Hears that a script closes the browser itself."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Browser


class Closing:
    """Hears that a script closes its browser by Playwright's call: what comes of that is the script's own doing.

    One that others run in too is only left by that call.

    Args:
        browser: The one that the script finds by ``page.context.browser``.

    Attributes:
        asked: Whether it was closed while it was well.
    """

    def __init__(self, browser: "Browser") -> None:
        self.asked = False
        self._browser = browser
        self._close: Callable[..., Awaitable[None]] = browser.close
        # Playwright gives one object for one browser, to whoever asks
        setattr(browser, "close", self._closed)  # noqa: B010  # a method may not be assigned to

    async def _closed(self, *, reason: str | None = None) -> None:
        self.asked = self.asked or self._browser.is_connected()
        await self._close(reason=reason)
