"""What is kept of a check that did not pass."""

import asyncio
import logging
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dtf.execution.browser_host.stage import Stage

_log = logging.getLogger(__name__)

#: How long each file may take: a page that hangs gives no picture, and a browser that is gone gives nothing.
_EACH_S = 5.0
#: How long after its order's limit a host may be busy with them.
AFTER_S = 12.0


async def keep_evidence(stage: "Stage", to: Path) -> None:
    """Put ``trace.zip``, ``screenshot.png`` and ``console.log`` below ``to``; what cannot be had is left out.

    A renderer that crashed leaves a trace but no picture.
    """
    lines = [*stage.console, *(f"refused: {url}" for url in stage.refused)]
    await asyncio.to_thread(_write_lines, to, lines)
    if stage.context.pages and not stage.crashed.is_set():
        last = stage.context.pages[-1]
        await _bounded("picture", last.screenshot(path=to / "screenshot.png", timeout=_EACH_S * 1000))
    await _bounded("trace", stage.context.tracing.stop(path=to / "trace.zip"))


def _write_lines(to: Path, lines: list[str]) -> None:
    to.mkdir(parents=True, exist_ok=True)
    if lines:
        (to / "console.log").write_text("".join(f"{line}\n" for line in lines))


async def _bounded(what: str, work: Awaitable[object]) -> None:
    from playwright.async_api import Error  # noqa: PLC0415  # an extra

    try:
        await asyncio.wait_for(work, _EACH_S)
    except (TimeoutError, Error) as error:
        _log.warning("there is no %s: %s", what, error or "it took too long")
