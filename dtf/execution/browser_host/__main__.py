"""``python -P -m dtf.execution.browser_host``: drives browsers for the guardian, or tells what they have."""

import argparse
import asyncio
import functools
import json
import sys
from pathlib import Path

from dtf.domain.errors import BadInputError
from dtf.execution.browser_host.assets import sparticuz_chromium
from dtf.execution.browser_host.choice import BrowserChoice, read_choice
from dtf.execution.browser_host.find import find_browsers
from dtf.execution.host.serve import serve_async

#: What Playwright's absence is told with.
_MISSING = "Playwright is not installed; `pip install 'dtf[browser]'` brings it\n"


def main() -> int:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(prog="dtf.execution.browser_host")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--channel", type=int, help="serve the orders that come over this socket")
    parser.add_argument("--scripts", action="store_true", help="with --channel: the orders are scripts of users")
    what.add_argument("--probe", action="store_true", help="print what the browsers have, as one line of JSON")
    parser.add_argument("--browser", action="append", default=[], help="NAME=EXECUTABLE in place of what is found")
    parser.add_argument("--web-assets", type=Path, help="the node_modules directory with the browser of @sparticuz")
    given = parser.parse_args()
    try:
        import playwright  # noqa: F401, PLC0415  # an extra: its absence is told in dtf's words
    except ModuleNotFoundError:
        sys.stderr.write(_MISSING)
        return 3
    if given.channel is not None:
        return asyncio.run(_serve_scripts(given.channel) if given.scripts else _serve(given.channel))
    try:
        choices = tuple(map(read_choice, given.browser)) or _found(given.web_assets)
    except BadInputError as error:
        sys.stderr.write(f"{error}\n")
        return BadInputError.exit_code
    return _probe(choices)


def _found(web_assets: Path | None) -> tuple[BrowserChoice, ...]:
    sparticuz = sparticuz_chromium(web_assets)
    more = (BrowserChoice(browser="sparticuz", executable=str(sparticuz)),) if sparticuz else ()
    return (*find_browsers(), *more)


def _probe(choices: tuple[BrowserChoice, ...]) -> int:
    from dtf.execution.browser_host.probe import probe  # noqa: PLC0415  # one of three ways

    sys.stdout.write(json.dumps(asyncio.run(probe(choices))) + "\n")
    return 0


async def _serve(channel: int) -> int:
    from playwright.async_api import async_playwright  # noqa: PLC0415  # an extra

    from dtf.execution.browser_host.host import Host  # noqa: PLC0415  # one of three ways

    async with async_playwright() as playwright:
        host = Host(playwright)
        try:
            await serve_async(channel, host.handle)
        finally:
            await host.close()
    return 0


async def _serve_scripts(channel: int) -> int:
    from playwright.async_api import async_playwright  # noqa: PLC0415  # an extra

    from dtf.execution.browser_host.script import run_script  # noqa: PLC0415  # one of three ways

    async with async_playwright() as playwright:
        await serve_async(channel, functools.partial(run_script, playwright))
    return 0


if __name__ == "__main__":
    sys.exit(main())
