"""Runs a user's Playwright script, in a process of its own: its crash or its endless loop costs nothing else."""

import asyncio
import inspect
import runpy
import sys
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dtf.domain.errors import BadInputError
from dtf.domain.outcome import Outcome
from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.browser_host.closing import Closing
from dtf.execution.browser_host.driver_watch import DriverCrashedError, DriverWatch
from dtf.execution.browser_host.evidence import keep_console, keep_evidence
from dtf.execution.browser_host.launch import launch
from dtf.execution.browser_host.limits import keeping_s, last_limit_s, over_time
from dtf.execution.browser_host.promise import adapter_words, broken_promise
from dtf.execution.browser_host.stage import Stage
from dtf.execution.host.messages import Order, Report

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright

_LONGEST = 500
_CONNECT_S = 20.0
#: How long the news of the driver's end may take after the call that failed by it, in seconds.
_NEWS_S = 0.5

Run = Callable[..., Awaitable[object]]


async def run_script(playwright: "Playwright", order: Order) -> Report:
    """Run ``async def run(page)`` or ``run(page, context)`` of a file: it passes when it returns.

    Args:
        playwright: The driver.
        order: ``target`` is the file and ``args`` become ``sys.argv[1:]``. With ``endpoint`` it runs in the browser
            that listens there, else in one that is started for it.

    Raises:
        BadInputError: There is no such file, or no such function in it.
    """
    arguments, began = dict[str, Any](order.arguments), asyncio.get_running_loop().time()
    path = Path(order.workdir, arguments["target"])
    run = await asyncio.to_thread(_load, path, [str(word) for word in arguments.get("args", ())])
    if isinstance(run, str):
        return Report(number=order.number, outcome=Outcome.ERROR, reason=run)
    driver = DriverWatch()
    browser = await _browser(playwright, arguments)
    stage = await Stage.open(browser, offline=False)
    closing = Closing(browser)
    report = broken_promise(stage.adapter, order)
    if report is None:
        report = await _guarded(driver, run, stage, order, began)
    words = {"browser_version": browser.version, **adapter_words(stage.adapter, order)}
    report = replace(report, proof={**words, **report.proof})
    lost = report.outcome is not Outcome.PASSED and await driver.ends_within(_NEWS_S)
    driver.close()
    if report.outcome is not Outcome.PASSED and order.artifacts:
        await _keep(stage, order, began, driven=not lost)
    if closing.asked and not lost:
        return replace(report, reason=f"the script closed the browser; {report.reason}" if report.reason else "")
    crash = "the browser's driver" if lost else _crash(stage, browser, report)
    if crash:
        return replace(report, outcome=Outcome.INFRA, reason=f"{crash} crashed", healthy=False)
    if report.healthy:
        await stage.context.close()
    return report


def _crash(stage: Stage, browser: "Browser", report: Report) -> str:
    """What crashed under a script; empty when nothing did."""
    if not browser.is_connected():
        return "the browser"
    return "the renderer of the page" if stage.crashed.is_set() and report.outcome is not Outcome.PASSED else ""


def _load(path: Path, args: list[str]) -> Run | str:
    """The function of a script, or why its file could not be run."""
    if not path.is_file():
        raise BadInputError(f"there is no script {path.name!r} in {path.parent}")
    sys.path.insert(0, str(path.parent))
    sys.argv = [str(path), *args]
    try:
        names = runpy.run_path(str(path), run_name="dtf_script")
    except Exception as error:  # noqa: BLE001  # a user's file may raise anything
        traceback.print_exc()
        return f"{path.name} could not be loaded: {type(error).__name__}: {error}"[:_LONGEST]
    run = names.get("run")
    if not inspect.iscoroutinefunction(run):
        raise BadInputError(f"{path.name} has no `async def run(page)`")
    return run


async def _browser(playwright: "Playwright", arguments: dict[str, Any]) -> "Browser":
    if arguments.get("endpoint"):
        return await playwright.chromium.connect_over_cdp(arguments["endpoint"], timeout=_CONNECT_S * 1000)
    return await launch(playwright, BrowserChoice(**arguments["choice"]))


async def _keep(stage: Stage, order: Order, began: float, *, driven: bool) -> None:
    if driven:
        used_s = asyncio.get_running_loop().time() - began
        await keep_evidence(stage, Path(order.artifacts), limit_s=keeping_s(order, used_s))
    else:
        await keep_console(stage, Path(order.artifacts))


async def _guarded(driver: DriverWatch, run: Run, stage: Stage, order: Order, began: float) -> Report:
    try:
        return await driver.guard(_carry_out(run, stage, order, began))
    except DriverCrashedError as error:
        return Report(number=order.number, outcome=Outcome.INFRA, reason=str(error), healthy=False)


async def _carry_out(run: Run, stage: Stage, order: Order, began: float) -> Report:
    both = len(inspect.signature(run).parameters) > 1
    try:
        async with asyncio.timeout_at(began + last_limit_s(order)) as limit:
            await (run(stage.page, stage.context) if both else run(stage.page))
    except (Exception, SystemExit) as error:  # noqa: BLE001  # a user's code may raise anything
        if isinstance(error, TimeoutError) and limit.expired():
            return Report(number=order.number, outcome=Outcome.TIMEOUT, reason=over_time(order), healthy=False)
        if isinstance(error, SystemExit) and not error.code:
            return Report(number=order.number, outcome=Outcome.PASSED)
        traceback.print_exc()
        return Report(number=order.number, outcome=Outcome.FAILED, reason=_reason(error))
    return Report(number=order.number, outcome=Outcome.PASSED)


def _reason(error: BaseException) -> str:
    """What was raised, with its message; with its place and line where it has none."""
    if str(error):
        return f"{type(error).__name__}: {error}"[:_LONGEST]
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {last.line}"[:_LONGEST]
