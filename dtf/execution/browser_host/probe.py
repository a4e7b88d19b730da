"""Asks each browser what it has: a real adapter, and a small computation with a known answer."""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from dtf.execution.browser_host.adapter import Adapter, ask_adapter
from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.browser_host.compute import GRAPH_TOLERANCE, TOLERANCE, Computed, compute_graph, compute_shader
from dtf.execution.browser_host.launch import launch
from dtf.execution.browser_host.offline import BLANK, keep_offline

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from playwright.async_api import Browser, Page, Playwright

_T = TypeVar("_T")
Finding = dict[str, Any]

#: How long a browser may take for all, in seconds.
BROWSER_S = 60.0
#: How long one question to it may take.
_QUESTION_S = 15.0
_SEED = 1


async def probe(choices: Iterable[BrowserChoice]) -> list[Finding]:
    """Ask each browser, one after the other; one that fails costs the others nothing.

    Returns:
        For each what it is, and under ``webgpu`` and ``webnn`` what it has: ``available``, ``reason``, ``check``.
    """
    from playwright.async_api import async_playwright  # noqa: PLC0415  # an extra

    async with async_playwright() as playwright:
        return [await _probe(playwright, choice) for choice in choices]


async def _probe(playwright: "Playwright", choice: BrowserChoice) -> Finding:
    finding: Finding = {
        "browser": choice.browser,
        "version": "",
        "executable": choice.executable,
        "channel": choice.channel,
    }
    try:
        async with asyncio.timeout(BROWSER_S):
            finding |= await _ask(await launch(playwright, choice))
    except Exception as error:  # noqa: BLE001  # whatever a browser does is a finding
        missing = {"available": False, "reason": _words(error), "check": ""}
        finding = {"webgpu": missing, "webnn": missing} | finding
    return finding


async def _ask(browser: "Browser") -> Finding:
    try:
        context = await browser.new_context(service_workers="block")
        await keep_offline(context, [])
        page = await context.new_page()
        await page.goto(BLANK)
        return {"version": browser.version, "webgpu": await _webgpu(page), "webnn": await _webnn(page)}
    finally:
        await browser.close()


async def _webgpu(page: "Page") -> Finding:
    adapter = await _bounded(ask_adapter(page))
    if isinstance(adapter, str):
        return {"available": False, "reason": adapter, "check": ""}
    if not adapter.available:
        return {"available": False, "reason": adapter.reason, "check": ""}
    return {**_told(adapter), **_checked(await _bounded(compute_shader(page, _SEED)), TOLERANCE)}


async def _webnn(page: "Page") -> Finding:
    return _checked(await _bounded(compute_graph(page, _SEED)), GRAPH_TOLERANCE)


def _told(adapter: Adapter) -> Finding:
    return {
        "vendor": adapter.vendor,
        "architecture": adapter.architecture,
        "description": adapter.description or adapter.device,
        "software": adapter.software,
        "features": " ".join(adapter.features),
        "limits": dict(adapter.limits),
    }


def _checked(computed: Computed | str, tolerance: float) -> Finding:
    """Available is what computed the right answer."""
    wrong = computed if isinstance(computed, str) else computed.verdict(tolerance)
    if wrong or isinstance(computed, str):
        return {"available": False, "reason": wrong, "check": ""}
    return {
        "available": True,
        "reason": "",
        "check": f"{computed.elements} numbers, largest error {computed.largest_error:.2g}",
    }


async def _bounded(question: "Awaitable[_T]") -> _T | str:
    """The answer, or why there is none."""
    try:
        return await asyncio.wait_for(question, _QUESTION_S)
    except TimeoutError:
        return f"no answer within {_QUESTION_S:g} s"
    except Exception as error:  # noqa: BLE001  # whatever a page throws is a finding
        return _words(error)


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"it did not come up within {BROWSER_S:g} s"
    first = str(error).strip().splitlines()[:1]
    return f"{type(error).__name__}: {first[0] if first else ''}"[:300]
