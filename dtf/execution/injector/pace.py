"""How much processor time a page needs for a fixed piece of work."""

from typing import TYPE_CHECKING

from dtf.execution.injector.javascript import LOOP
from dtf.execution.injector.look import ask

if TYPE_CHECKING:
    from playwright.async_api import CDPSession, Page

_LOOPS = 5e7


async def measure_pace(page: "Page", *, within_s: float = 20.0) -> float:
    """The processor time of the page's main thread for a loop of a fixed length, in milliseconds (Chromium only).

    It is the browser's own count: what else the machine does makes the loop last longer, and does not count.

    Args:
        page: The page.
        within_s: How long it may take by the clock, in seconds.
    """
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")
    before_s = await _thread_s(session)
    await ask(page, LOOP, _LOOPS, within_s=within_s)
    after_s = await _thread_s(session)
    await session.detach()
    return (after_s - before_s) * 1000


async def _thread_s(session: "CDPSession") -> float:
    told = await session.send("Performance.getMetrics")
    return float(next(metric["value"] for metric in told["metrics"] if metric["name"] == "ThreadTime"))
