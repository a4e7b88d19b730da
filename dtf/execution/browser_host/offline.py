"""Keeps pages from leaving the machine."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Route, WebSocketRoute

#: A page of dtf's own that does nothing: a secure context without a server.
BLANK = "https://dtf.test/"

_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))
_MOST_NOTED = 100


async def answer_blank(context: "BrowserContext") -> None:
    """Answer ``BLANK``, and leave all else alone."""
    await context.route(BLANK, _blank)


async def keep_offline(context: "BrowserContext", refused: list[str]) -> None:
    """Let requests of a context through to loopback alone, and answer ``BLANK``.

    Args:
        context: The context.
        refused: Takes the addresses that were refused, up to a number.
    """

    def note(url: str) -> None:
        if len(refused) < _MOST_NOTED and url not in refused:
            refused.append(url[:300])

    async def request(route: "Route") -> None:
        url = route.request.url
        if url == BLANK:
            await _blank(route)
        elif is_local(url):
            await route.continue_()
        else:
            note(url)
            await route.abort("internetdisconnected")

    async def socket(route: "WebSocketRoute") -> None:
        note(route.url)
        await route.close(reason="dtf lets pages reach loopback alone")

    await context.route("**/*", request)
    await context.route_web_socket(lambda url: not is_local(url), socket)


async def _blank(route: "Route") -> None:
    await route.fulfill(body="<!doctype html><title>dtf</title>", content_type="text/html")


def is_local(url: str) -> bool:
    """Whether a request for it stays on this machine."""
    parts = urlsplit(url)
    if parts.scheme in ("data", "blob", "about"):
        return True
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname in _LOOPBACK
