"""Changes a document's interfaces, and puts them back."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from dtf.execution.injector.javascript import RESTORE
from dtf.execution.injector.look import ANSWER_S, ask

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page

#: How often a failure that is spent by use strikes: once under the look that confirms it, and once under the job.
TIMES = 2
_CLOSE_S = 5.0


async def restore(page: "Page") -> str:
    """Put a document's interfaces back; say how they are gone."""
    from playwright.async_api import Error  # noqa: PLC0415  # an extra

    if page.is_closed():
        return "gone with its page"
    try:
        await ask(page, RESTORE)
    except (TimeoutError, Error):
        # a page that does not answer goes with all that was changed in it
        await asyncio.wait_for(page.close(), _CLOSE_S)
        return "its page did not answer and was closed"
    return "the interfaces were put back"


async def close_context(context: "BrowserContext") -> str:
    """Close a context with all that sits in it."""
    from playwright.async_api import Error  # noqa: PLC0415  # an extra

    with suppress(Error):  # it is gone already
        await asyncio.wait_for(context.close(), _CLOSE_S)
    return "its context was closed"


__all__ = ["ANSWER_S", "TIMES", "close_context", "restore"]
