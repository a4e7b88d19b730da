"""Serves a user's page on loopback and takes what it reports through ``window.dtf``."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlencode

from dtf.domain.errors import BadInputError
from dtf.domain.outcome import Outcome
from dtf.execution.browser_host.limits import own_limit_s
from dtf.execution.browser_host.page_entry import find_entry
from dtf.execution.browser_host.page_mailbox import PageMailbox
from dtf.execution.browser_host.page_verdict import Ending, count_cases, settle
from dtf.execution.browser_host.page_watch import WINDOWS, PageWatch
from dtf.execution.browser_host.server import LoopbackServer
from dtf.execution.browser_host.stage import Stage
from dtf.execution.host.messages import Order, Report

_API = Path(__file__).parent.parent / "pages" / "dtf.js"
#: How long after a verdict what was on its way before it is waited for, in seconds.
_REST_S = 10.0
#: How long after the end of a page, or its uncaught error, a report that was on its way is waited for, in seconds.
_GRACE_S = 1.0


async def check_page(stage: Stage, order: Order) -> Report:
    """Open the page that the order names and wait for its report.

    Args:
        stage: Where it is opened.
        order: Its arguments are those of ``BrowserWork``.

    Raises:
        BadInputError: The order asks for what there is not.
    """
    entry = find_entry(Path(order.workdir), str(order.arguments.get("target", "")))
    args = read_args(order.arguments.get("args", ()))
    if not order.artifacts:
        raise BadInputError("the order of a page names no place for what the page leaves")
    kept = Path(order.artifacts)
    mailbox = PageMailbox(folder=kept / "page")
    async with LoopbackServer(folders={"/": entry.folder}, mailbox=mailbox) as server:
        await stage.context.add_init_script(
            _api({"origin": server.origin, "own": server.own, "args": args, "windows": WINDOWS})
        )
        watch = PageWatch(stage.context, stage.page, stage.console)
        query = f"?{urlencode(args)}" if args else ""
        ending = await _open(stage, f"{server.origin}{entry.path}{query}", mailbox, watch, own_limit_s(order))
    outcome, reason = settle(mailbox, ending)
    if stage.refused and outcome is not Outcome.PASSED:
        reason += f"; pages reach this machine alone, refused was {', '.join(stage.refused[:3])}"
    _keep(kept, mailbox)
    notes = [*mailbox.notes, *(f"refused: {url}" for url in stage.refused[:20])]
    return Report(
        number=order.number,
        outcome=outcome,
        reason=reason,
        metrics=(*mailbox.metrics, *count_cases(mailbox.cases)),
        proof={"notes": "\n".join(notes)} if notes else {},
    )


def read_args(words: object) -> dict[str, str]:
    """Read ``NAME=VALUE`` pairs.

    Raises:
        BadInputError: One of them is none.
    """
    pairs = [str(word).partition("=") for word in words] if isinstance(words, list | tuple) else []
    wrong = next(("".join(pair) for pair in pairs if not pair[0] or not pair[1]), None)
    if wrong is not None:
        raise BadInputError(f"a page's args are NAME=VALUE, not {wrong[:80]!r}")
    return {name: value for name, _, value in pairs}


def _api(settings: dict[str, object]) -> str:
    """The script that gives a page its ``window.dtf``."""
    return f"{_API.read_text().rstrip()}({json.dumps(settings)});"


async def _open(stage: Stage, url: str, mailbox: PageMailbox, watch: PageWatch, limit_s: float) -> Ending | None:
    """Open a page and wait for its verdict.

    Returns:
        What came in place of a verdict; None: there is one.
    """
    from playwright.async_api import Error  # noqa: PLC0415  # an extra

    end = asyncio.get_running_loop().time() + limit_s
    try:
        await stage.page.goto(url, wait_until="commit", timeout=limit_s * 1000)
    except Error as error:  # closed at once, or a download
        stage.console.append(f"dtf: {error.message}")
    signs = (mailbox.said, watch.ended, watch.error)
    rest_s = max(end - asyncio.get_running_loop().time(), 0.0)
    await asyncio.wait(signs, timeout=rest_s, return_when=asyncio.FIRST_COMPLETED)
    if not any(sign.done() for sign in signs):
        said = f"; the page's console has: {'; '.join(watch.complaints)}" if watch.complaints else ""
        return Ending(outcome=Outcome.TIMEOUT, reason=f"no report through window.dtf within {limit_s:g} s{said}")
    await asyncio.wait((mailbox.said,), timeout=_GRACE_S)
    if mailbox.said.done():
        await _complete(mailbox)
        return None
    if watch.error.done():
        return Ending(outcome=Outcome.FAILED, reason=watch.error.result())
    return Ending(outcome=Outcome.ERROR, reason=f"{watch.ended.result()} before it reported")


async def _complete(mailbox: PageMailbox) -> None:
    try:
        await asyncio.wait_for(mailbox.complete.wait(), _REST_S)
    except TimeoutError:
        mailbox.notes.append(f"what the page was still sending with its report did not come within {_REST_S:g} s")


def _keep(folder: Path, mailbox: PageMailbox) -> None:
    """Put what the page logged and its cases beside its artifacts."""
    lines = [*mailbox.lines, *((mailbox.said.result().details,) if mailbox.said.done() else ())]
    folder.mkdir(parents=True, exist_ok=True)
    mailbox.name_artifacts()
    if any(lines):
        (folder / "page.log").write_text("".join(f"{line}\n" for line in lines if line))
    if mailbox.cases:
        (folder / "cases.json").write_text(json.dumps([asdict(case) for case in mailbox.cases], indent=1))
