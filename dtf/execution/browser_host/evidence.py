"""What is kept of a check that did not pass."""

import asyncio
import logging
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dtf.execution.browser_host.stage import Stage

_log = logging.getLogger(__name__)

#: The longest that each file may take: a page that hangs gives no picture, and a browser that is gone gives nothing.
_EACH_S = 5.0


async def keep_evidence(stage: "Stage", to: Path, *, limit_s: float) -> None:
    """Put ``trace.zip``, ``screenshot.png`` and ``console.log`` below ``to``; what cannot be had is left out.

    A renderer that crashed leaves a trace but no picture.

    Args:
        stage: Where the check ran.
        to: The directory, which is made.
        limit_s: How long all of it may take, in seconds.
    """
    end = asyncio.get_running_loop().time() + limit_s
    await keep_console(stage, to)
    if stage.context.pages and not stage.crashed.is_set():
        last = stage.context.pages[-1]
        # a page that hangs must leave time for the trace
        picture = last.screenshot(path=to / "screenshot.png", timeout=_EACH_S * 1000)
        await _bounded("picture", picture, limit_s / 2)
    trace = stage.context.tracing.stop(path=to / "trace.zip")
    await _bounded("trace", trace, end - asyncio.get_running_loop().time())


async def keep_console(stage: "Stage", to: Path) -> None:
    """Put ``console.log`` below ``to``, which needs no browser any more."""
    lines = [*stage.console, *(f"refused: {url}" for url in stage.refused)]
    await asyncio.to_thread(_write_lines, to, lines)


def _write_lines(to: Path, lines: list[str]) -> None:
    to.mkdir(parents=True, exist_ok=True)
    if lines:
        (to / "console.log").write_text("".join(f"{line}\n" for line in lines))


async def _bounded(what: str, work: Awaitable[object], limit_s: float) -> None:
    from playwright.async_api import Error  # noqa: PLC0415  # an extra

    try:
        await asyncio.wait_for(work, min(limit_s, _EACH_S))
    except (TimeoutError, Error) as error:
        _log.warning("there is no %s: %s", what, error or "it took too long")
