"""The process that drives one browser of the benchmark: dtf's own host, whose checks meet the fault of an episode.

Run as ``python -m dtf.benchmarks.browsers.host --channel FD`` by ``Station``.
"""

import argparse
import asyncio
import functools
import os
import sys
import time
from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar

from dtf.benchmarks.browsers.cpu_meter import CpuMeter
from dtf.benchmarks.browsers.works import WORKS
from dtf.domain.errors import BadInputError
from dtf.domain.failure import FailureType, Intensity
from dtf.domain.outcome import Outcome
from dtf.execution.browser_host.driver_watch import DriverCrashedError
from dtf.execution.browser_host.host import Check, Host
from dtf.execution.browser_host.stage import Stage
from dtf.execution.host.messages import Order, Report
from dtf.execution.host.serve import serve_async
from dtf.execution.injector import Injection, Subject, inject
from dtf.execution.injector.injection import InjectorError

_Result = TypeVar("_Result")

#: How often a fault is injected where it is not seen.
_TRIES = 2


def find_work(name: str) -> Check:
    """A work by its name, which meets the fault that its order names.

    Raises:
        BadInputError: There is none.
    """
    if name not in WORKS:
        raise BadInputError(f"there is no work {name!r} in the benchmark")
    return functools.partial(_under_fault, WORKS[name])


async def _under_fault(work: Check, stage: Stage, order: Order) -> Report:
    """Do the work; with a fault in the order, inject it first, as the cause outside of the browser would.

    What injecting and clearing take is told apart, as no real fault costs it.
    """
    fault = str(order.arguments.get("fault", ""))
    if not fault:
        return await _bounded(work, stage, order)
    cost = _Cost()
    injection = await cost.of(_inject(stage, str(order.arguments["browser"]), fault))
    told: dict[str, object] = {"confirmed": injection is not None}
    try:
        report = await _bounded(work, stage, order)
    except DriverCrashedError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever the driver raises under a fault is the fault's
        first = str(error).strip().splitlines()[:1]
        reason = f"the page: {first[0] if first else type(error).__name__}"
        report = Report(number=order.number, outcome=Outcome.INFRA, reason=reason, healthy=False)
    finally:
        if injection is not None:
            await cost.of(injection.clear())
    return replace(report, data={**report.data, **told, **cost.told()})


async def _inject(stage: Stage, browser_name: str, fault: str) -> Injection | None:
    """Inject a fault; None: it could not be, and what is done next meets none, which is told."""
    failure, _, intensity = fault.partition(" ")
    browser = stage.context.browser
    if browser is None:
        return None
    subject = Subject(browser_name=browser_name, browser=browser, context=stage.context, page=stage.page)
    for _ in range(_TRIES):
        try:
            injection = await inject(subject, FailureType(failure), Intensity(intensity))
        except InjectorError as error:
            sys.stderr.write(f"{fault}: {error}\n")
            continue
        if injection.confirmed:
            return injection
    return None


async def _bounded(work: Check, stage: Stage, order: Order) -> Report:
    """Do the work within its own limit, which what the injector takes does not count to."""
    limit_s = float(str(order.arguments["limit_s"]))
    try:
        async with asyncio.timeout(limit_s):
            return await work(stage, order)
    except TimeoutError:
        reason = f"it did not end within {limit_s:g} s"
        return Report(number=order.number, outcome=Outcome.INFRA, reason=reason, healthy=False)


class _Cost:
    """What the injector takes, in seconds and in seconds of processor time."""

    def __init__(self) -> None:
        self._seconds = self._cpu_s = 0.0
        self._meter = CpuMeter(os.getpid())

    async def of(self, step: Awaitable[_Result]) -> _Result:
        """Take a step, and add what it took."""
        began, used_s = time.monotonic(), await asyncio.to_thread(self._meter.read)
        try:
            return await step
        finally:
            self._cpu_s += await asyncio.to_thread(self._meter.read) - used_s
            self._seconds += time.monotonic() - began

    def told(self) -> dict[str, object]:
        """Both, for a report."""
        return {"injector_s": round(self._seconds, 4), "injector_cpu_s": round(self._cpu_s, 4)}


async def _serve(channel: int) -> None:
    from playwright.async_api import async_playwright  # noqa: PLC0415  # an extra

    async with async_playwright() as playwright:
        host = Host(playwright, find_work)
        try:
            await serve_async(channel, host.handle)
        finally:
            await host.close()


def main() -> None:
    """Serve the orders that come over a socket."""
    parser = argparse.ArgumentParser(prog="dtf.benchmarks.browsers.host")
    parser.add_argument("--channel", type=int, required=True)
    asyncio.run(_serve(parser.parse_args().channel))


if __name__ == "__main__":
    main()
