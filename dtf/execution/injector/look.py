"""Looks at pages from outside, and says what kind of failure they show."""

import asyncio
import re
from typing import TYPE_CHECKING, Any

from dtf.domain.failure import FailureType
from dtf.execution.injector.injection import Seen
from dtf.execution.injector.look_server import served
from dtf.resilience.classify import failure_in

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page

#: How long a page that is well takes for a simple answer, at the longest, in seconds.
ANSWER_S = 1.0
_PAGE_S = 10.0
#: How Firefox tells of connections.
_NETWORK = re.compile(r"NS_ERROR_|NetworkError")


def kind_of(words: str) -> FailureType:
    """What kind of failure some words of a browser or of its driver tell of."""
    kind = failure_in(words)
    return FailureType.CONNECTION_FAILURE if kind is FailureType.UNKNOWN and _NETWORK.search(words) else kind


def seen_of(error: Exception, within_s: float = ANSWER_S) -> Seen:
    """What an error of a page shows; ``within_s`` is the limit where it is that of time."""
    if isinstance(error, TimeoutError):
        return Seen(kind=FailureType.TIMEOUT, words=f"no answer within {within_s:g} s")
    # the second line of Firefox tells what it was
    told = str(error).partition("\nCall log:")[0].strip().splitlines()[:2]
    text = f"{type(error).__name__}: {' '.join(told)}"
    return Seen(kind=kind_of(text), words=text[:300])


async def ask(page: "Page", expression: str, argument: object = None, *, within_s: float = ANSWER_S) -> Any:  # noqa: ANN401  # JSON
    """What a page answers; whatever it raises, or ``TimeoutError``, is raised."""
    return await asyncio.wait_for(page.evaluate(expression, argument), within_s)


async def answers(page: "Page", *, within_s: float = ANSWER_S) -> Seen | None:
    """What keeps a page from answering at all; None: it answers."""
    try:
        await ask(page, "1", within_s=within_s)
    except Exception as error:  # noqa: BLE001  # whatever it raises is what is looked for
        return seen_of(error, within_s)
    return None


async def reaches(context: "BrowserContext") -> Seen | None:
    """What keeps the pages of a context from a server on loopback, which is started for this; None: nothing."""
    async with served() as address:
        page = await asyncio.wait_for(context.new_page(), _PAGE_S)
        try:
            await page.goto(address, timeout=_PAGE_S * 1000)
        except Exception as error:  # noqa: BLE001  # whatever it raises is what is looked for
            return seen_of(error, _PAGE_S)
        finally:
            await asyncio.wait_for(page.close(), _PAGE_S)
    return None
