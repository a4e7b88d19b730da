"""What the benchmark's jobs and canaries do in a page."""

import asyncio
import json
import random
from collections.abc import Mapping
from pathlib import Path

from dtf.benchmarks.browsers.job import Work
from dtf.domain.outcome import Outcome
from dtf.execution.browser_host.checks.wgsl import check_wgsl
from dtf.execution.browser_host.host import Check
from dtf.execution.browser_host.server import LoopbackServer
from dtf.execution.browser_host.stage import Stage
from dtf.execution.host.messages import Order, Report

#: The look at a browser before it gets work again: both works that are expected to pass.
CANARY = "canary"

_PAGE = Path(__file__).parent / "pages" / "work.html"
_NUMBERS = 400
#: By how much the claim of a test that fails is wrong.
_WRONG = 1


async def shader(stage: Stage, order: Order) -> Report:
    """Compute on the GPU; the page is given an adapter first, as every shader's is."""
    return await check_wgsl(stage, order)


async def page(stage: Stage, order: Order) -> Report:
    """Open a page that fetches, sorts, computes on the GPU, and asserts what is true."""
    return await _open(stage, order, 0)


async def assertion(stage: Stage, order: Order) -> Report:
    """The same, with an assertion that is false."""
    return await _open(stage, order, _WRONG)


async def canary(stage: Stage, order: Order) -> Report:
    """See whether the browser can do what jobs need: compute, and open a page."""
    report = await shader(stage, order)
    return report if report.outcome is not Outcome.PASSED else await page(stage, order)


WORKS: Mapping[str, Check] = {Work.SHADER: shader, Work.PAGE: page, Work.ASSERTION: assertion, CANARY: canary}


async def _open(stage: Stage, order: Order, off: int) -> Report:
    seed = int(str(order.arguments.get("seed", 0)))
    chance = random.Random(seed)  # noqa: S311  # no secret: the same numbers every time
    numbers = [chance.randrange(1000) for _ in range(_NUMBERS)]
    documents = {
        "/work.html": await asyncio.to_thread(_PAGE.read_bytes),
        f"/numbers-{seed}.json": json.dumps(numbers).encode(),
    }
    async with LoopbackServer(documents=documents) as server:
        await stage.page.goto(f"{server.origin}/work.html", wait_until="domcontentloaded")
        told = await stage.page.evaluate("([seed, claim]) => work(seed, claim)", [seed, sum(numbers) + off])
    failed = str(told["failed"])
    return Report(number=order.number, outcome=Outcome.FAILED if failed else Outcome.PASSED, reason=failed)
