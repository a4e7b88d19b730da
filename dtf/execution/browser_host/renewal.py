"""Replaces a part of a browser, and sees whether what is there then computes."""

import asyncio
import signal
from typing import TYPE_CHECKING

from dtf.execution.browser_host.compute import GRAPH_TOLERANCE, TOLERANCE, compute_graph, compute_shader
from dtf.execution.browser_host.driver_watch import find_driver
from dtf.execution.browser_host.stage import Stage
from dtf.execution.browser_host.warm_browser import WarmBrowser
from dtf.execution.injector.own_process import OwnProcess
from dtf.processes.process_table import descendants, read_table

if TYPE_CHECKING:
    from playwright.async_api import Playwright

#: How long a computation may take in a browser that is well, in seconds.
_COMPUTE_S = 20.0
_SEED = 5


async def start_anew(browser: WarmBrowser, playwright: "Playwright") -> WarmBrowser:
    """Another browser of the same choice by the same driver, in place of one that may hang; bounded by the caller."""
    await asyncio.to_thread(_kill_browsers)
    await browser.abandon()
    return await WarmBrowser.start(playwright, browser.choice, debug_port=browser.debug_port)


async def look(browser: WarmBrowser, hardware: str) -> str:
    """What is wrong with a browser, by a computation in a context of its own; empty: nothing.

    Raises:
        BrowserSickError: It gives no page.
    """
    stage = await browser.take()
    try:
        return await asyncio.wait_for(_computed(stage, hardware), _COMPUTE_S)
    except TimeoutError:
        return f"it did not compute within {_COMPUTE_S:g} s"
    finally:
        browser.stand_by()
        await stage.context.close()


async def _computed(stage: Stage, hardware: str) -> str:
    if hardware == "webnn":
        return (await compute_graph(stage.page, _SEED)).verdict(GRAPH_TOLERANCE)
    return (await compute_shader(stage.page, _SEED)).verdict(TOLERANCE)


def _kill_browsers() -> None:
    """Kill what is below the driver of this process: one that is stopped or hangs does not close itself."""
    driver = find_driver()
    table = read_table()
    for process in [OwnProcess(table[pid].identity) for pid in descendants(table, (driver,) if driver else ())]:
        process.send(signal.SIGKILL)
