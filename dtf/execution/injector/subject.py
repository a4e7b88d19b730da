"""What a failure is injected into."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A page of a browser that this process started by Playwright.

    A ``Stage`` has the two latter: ``Subject(browser_name=..., browser=..., context=stage.context, page=stage.page)``.

    Attributes:
        browser_name: Which browser it is, as dtf names browsers.
        browser: The browser.
        context: The context of the page.
        page: The page, in a secure context.
    """

    browser_name: str
    browser: "Browser"
    context: "BrowserContext"
    page: "Page"
