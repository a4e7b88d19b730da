"""Carries out the guardian's orders with one browser."""

import asyncio
import importlib
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dtf.domain.errors import BadInputError, DtfError
from dtf.domain.outcome import Outcome
from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.browser_host.driver_watch import END_S, DriverCrashedError, DriverWatch
from dtf.execution.browser_host.evidence import keep_console, keep_evidence
from dtf.execution.browser_host.injected import InjectedCheck, wanted
from dtf.execution.browser_host.limits import INJECTION_S, keeping_s, last_limit_s, over_time
from dtf.execution.browser_host.promise import adapter_words, broken_promise
from dtf.execution.browser_host.renewal import look, start_anew
from dtf.execution.browser_host.stage import Stage
from dtf.execution.browser_host.warm_browser import BrowserSickError, WarmBrowser
from dtf.execution.host.messages import Order, Report

if TYPE_CHECKING:
    from playwright.async_api import Playwright

_log = logging.getLogger(__name__)

Check = Callable[[Stage, Order], Coroutine[Any, Any, Report]]

#: Opens the browser if it is not open, and says what it is. It comes before each check.
OPEN = "open"
#: Says what other programs did with the browser since it was opened for them.
SEEN = "seen"
#: Replaces a part of the browser, and sees whether it computes then.
RENEW = "renew"
#: How long the news of a crash may take after the call that failed by it, in seconds.
_NEWS_S = 0.5
_CLOSE_S = 5.0

#: The checks: the module beside ``checks``, and its function. Loaded when they are needed.
_CHECKS: Mapping[str, str] = {"wgsl": "check_wgsl", "model": "check_model", "page": "check_page"}


class Host:
    """Carries out the guardian's orders with one browser.

    Args:
        playwright: The driver.
        find: Finds the check that an order names; None: one of dtf's own.
    """

    def __init__(self, playwright: "Playwright", find: Callable[[str], Check] | None = None) -> None:
        self._playwright = playwright
        self._find = find or find_check
        self._browser: WarmBrowser | None = None
        self._driver: DriverWatch | None = None
        self._tidying: asyncio.Task[None] | None = None

    async def handle(self, order: Order) -> Report:
        """Carry an order out."""
        self._driver = self._driver or DriverWatch()
        if self._lost:
            return _crashed(order)
        try:
            await self._tidied()
            if order.do == OPEN:
                return await self._open(order)
            if order.do == SEEN:
                return self._seen(order)
            if order.do == RENEW:
                return await self._guarded(self._renew(order))
            return await self._check(order, self._find(order.do))
        except DriverCrashedError:
            return _crashed(order)
        except BrowserSickError as error:
            if await self._driver.ends_within(_NEWS_S):
                return _crashed(order)
            return Report(number=order.number, outcome=Outcome.INFRA, reason=f"the browser: {error}", healthy=False)

    async def close(self) -> None:
        """Close the browser."""
        await self._tidied()
        if self._driver is not None:
            self._driver.close()
        if self._browser is not None and not self._lost:
            await self._browser.close()

    @property
    def _lost(self) -> bool:
        return self._driver is not None and self._driver.gone.is_set()

    async def _open(self, order: Order) -> Report:
        choice, debug_port = _choice(order), bool(order.arguments.get("debug_port"))
        launched = self._browser is None
        if self._browser is None:
            self._browser = await WarmBrowser.start(self._playwright, choice, debug_port=debug_port)
        elif (self._browser.choice, self._browser.debug_port) != (choice, debug_port):
            raise BadInputError("this host drives another browser")
        adapter = await self._browser.look(brief=bool(order.arguments.get("brief")))
        if debug_port:
            await self._browser.hand_over()
        told = {"version": self._browser.version, "launched": launched, "endpoint": await self._browser.endpoint()}
        return Report(number=order.number, outcome=Outcome.PASSED, data={**told, "adapter": asdict(adapter)})

    async def _renew(self, order: Order) -> Report:
        """Replace the page that stands by with its context, or the whole browser."""
        from playwright.async_api import Error  # noqa: PLC0415  # an extra

        browser = self._browser
        if browser is None:
            raise BadInputError("no browser is open")
        try:
            if order.arguments.get("part") == "browser":
                browser = self._browser = await start_anew(browser, self._playwright)
            else:
                await browser.discard()
            wrong = await look(browser, str(order.arguments.get("hardware", "")))
        except (Error, TimeoutError) as error:
            wrong = str(error).strip().partition("\n")[0] or "it did not answer in time"
        outcome = Outcome.INFRA if wrong else Outcome.PASSED
        return Report(number=order.number, outcome=outcome, reason=wrong, healthy=not wrong)

    def _seen(self, order: Order) -> Report:
        browser = self._browser
        told = {"connected": browser is not None and browser.connected, "pages": browser.pages if browser else 0}
        return Report(number=order.number, outcome=Outcome.PASSED, data=told)

    async def _check(self, order: Order, check: Check) -> Report:
        if self._browser is None:
            raise BadInputError("no browser is open")
        began = asyncio.get_running_loop().time()
        injected = InjectedCheck(check, self._browser.choice.browser, text) if (text := wanted(order)) else None
        stage = await self._browser.take()
        report = broken_promise(stage.adapter, order)
        if report is None:
            report = await self._bounded(stage, order, injected or check)
        if injected is not None:
            report = _marked(report, injected)
        if self._lost and order.artifacts:
            await keep_console(stage, Path(order.artifacts))
        elif report.outcome is not Outcome.PASSED and order.artifacts:
            used_s = asyncio.get_running_loop().time() - began
            await keep_evidence(stage, Path(order.artifacts), limit_s=keeping_s(order, used_s))
        if report.healthy:
            self._tidying = asyncio.create_task(self._tidy(stage))
        return replace(report, proof={**self._proof(stage, order), **report.proof})

    async def _guarded(self, check: Coroutine[Any, Any, Report], end_s: float = END_S) -> Report:
        return await check if self._driver is None else await self._driver.guard(check, end_s)

    async def _bounded(self, stage: Stage, order: Order, check: Check) -> Report:
        try:
            async with asyncio.timeout(last_limit_s(order)) as limit:
                report = await self._guarded(check(stage, order), INJECTION_S if wanted(order) else END_S)
        except TimeoutError:
            if not limit.expired():
                raise
            return Report(number=order.number, outcome=Outcome.TIMEOUT, reason=over_time(order), healthy=False)
        except DriverCrashedError:
            return _crashed(order)
        except DtfError as error:  # told in dtf's own words
            return Report(number=order.number, outcome=Outcome.ERROR, reason=str(error))
        except Exception as error:  # noqa: BLE001  # a check's own failure is an answer too
            report = await self._raised(stage, order, error)
        if report.outcome is not Outcome.PASSED and (crash := await self._crash(stage)):
            if crash == _DRIVER:
                return _crashed(order)
            healthy, data = crash == _RENDERER, {"ended": crash == _BROWSER}
            return replace(report, outcome=Outcome.INFRA, reason=f"{crash} crashed", healthy=healthy, data=data)
        return report

    async def _raised(self, stage: Stage, order: Order, error: Exception) -> Report:
        from playwright.async_api import Error  # noqa: PLC0415  # an extra

        if not isinstance(error, Error):
            _log.error("the check %s failed", order.do, exc_info=error)
            reason = f"the check failed: {type(error).__name__}: {error}"
            return Report(number=order.number, outcome=Outcome.INFRA, reason=reason, healthy=False)
        stage.console.append(f"dtf: {error.message}")
        first = error.message.strip().splitlines()[:1]
        return Report(number=order.number, outcome=Outcome.ERROR, reason=f"the page: {first[0] if first else error}")

    async def _crash(self, stage: Stage) -> str:
        """What crashed under a check that did not pass; empty when nothing did."""
        deadline = asyncio.get_running_loop().time() + _NEWS_S
        while asyncio.get_running_loop().time() < deadline:
            if self._lost:
                return _DRIVER
            if self._browser is None or not self._browser.connected:
                return _BROWSER
            if stage.crashed.is_set():
                return _RENDERER
            await asyncio.sleep(_NEWS_S / 10)
        return ""

    async def _tidy(self, stage: Stage) -> None:
        """Close what a check used, and open what the next one will use."""
        from playwright.async_api import Error  # noqa: PLC0415  # an extra

        if self._browser is not None and not self._browser.debug_port:
            self._browser.stand_by()
        try:
            await asyncio.wait_for(stage.context.close(), _CLOSE_S)
        except (TimeoutError, Error) as error:
            # the next order finds out whether the browser is of any use
            _log.warning("a context did not close: %s", error or f"it took longer than {_CLOSE_S:g} s")

    async def _tidied(self) -> None:
        if self._tidying is not None:
            await self._tidying
            self._tidying = None

    def _proof(self, stage: Stage, order: Order) -> dict[str, str]:
        browser = self._browser
        if browser is None:
            return {}
        proof = {"browser": browser.choice.browser, "browser_version": browser.version}
        return {**proof, **adapter_words(stage.adapter, order)}


_RENDERER, _BROWSER = "the renderer of the page", "the browser"
_DRIVER = "the browser's driver"


def _crashed(order: Order) -> Report:
    # there is nothing left of which a part could be replaced
    return Report(
        number=order.number, outcome=Outcome.INFRA, reason=f"{_DRIVER} crashed", healthy=False, data={"lost": True}
    )


def _marked(report: Report, injected: InjectedCheck) -> Report:
    """A report that says what was injected; a browser in which something of that is left is not used again."""
    healthy = report.healthy and injected.cleared
    return replace(report, proof={**report.proof, **injected.proof}, healthy=healthy)


def find_check(name: str) -> Check:
    """A check by its name.

    Raises:
        BadInputError: There is none.
    """
    if name not in _CHECKS:
        raise BadInputError(f"there is no check {name!r} in browsers")
    check: Check = getattr(importlib.import_module(f"dtf.execution.browser_host.checks.{name}"), _CHECKS[name])
    return check


def _choice(order: Order) -> BrowserChoice:
    words = {name: str(order.arguments.get(name, "")) for name in ("browser", "executable", "channel")}
    return BrowserChoice(**words)
