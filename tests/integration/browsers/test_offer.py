import asyncio
import os
import sys
from pathlib import Path

from dtf.domain.outcome import Outcome
from dtf.execution.executors.browser_pool.limits import PoolLimits
from tests.integration.browsers.bench import a_bench
from tests.support.browsers import need_browser

_SUITE = """
import os, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    browser = playwright.chromium.connect_over_cdp(os.environ["DTF_DEVICE_ENDPOINT"])
    seen = [page.url for context in browser.contexts for page in context.pages]
    page = browser.new_context().new_page()
    page.route("http://localhost/", lambda route: route.fulfill(body="<title>x</title>", content_type="text/html"))
    page.goto("http://localhost/")
    adapter = page.evaluate("navigator.gpu.requestAdapter().then((adapter) => adapter?.info.architecture)")
    print(seen, adapter, os.environ["DTF_BROWSER"], os.environ.get("DTF_DEVICE_SOFTWARE"))
    browser.close()
"""


async def a_suite(environment: dict[str, str]) -> str:
    """What a program prints that connects to the slot's browser."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SUITE, env={**os.environ, **environment}, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 60)
    return printed.decode().strip()


def test_a_suite_uses_the_warm_browser_of_its_slot(tmp_path: Path) -> None:
    """The browser is the same for the shards of a job, shows pages of the suite alone, and outlives it."""

    async def go() -> None:
        async with a_bench(tmp_path, need_browser("chromium"), PoolLimits(jobs=1, age_s=0.0)) as bench:
            async with bench.executor.offered("j1", bench.context(), os.environ) as first:
                assert await a_suite(dict(first.environment)) == "[] swiftshader chromium 1"
            assert first.proof["evidence"].startswith("1 page was opened in the slot's chromium, whose adapter is")
            assert (first.proof["browser_launched"], first.proof["software"]) == ("yes", "yes")
            async with bench.executor.offered("j1", bench.context(), os.environ) as second:
                pass
            assert second.proof["device"] == "webgpu-chromium-test"
            assert second.environment == first.environment
            assert second.proof["browser_launched"] == "no"
            assert "evidence" not in second.proof
            async with bench.executor.offered("j2", bench.context(), os.environ) as third:
                await bench.executor.end_slot(0)
            assert third.environment != first.environment
            assert "browser_died" in third.proof
            assert (await bench.run()).outcome is Outcome.PASSED

    asyncio.run(go())


def test_firefox_is_named_and_not_offered(tmp_path: Path) -> None:
    """Firefox takes no connections of that kind: a suite learns which program it is, and starts its own."""
    firefox = need_browser("firefox")

    async def go() -> None:
        async with a_bench(tmp_path, firefox) as bench:
            async with bench.executor.offered("j1", bench.context(), os.environ) as offer:
                assert offer.environment == {
                    "DTF_BROWSER": "firefox",
                    "DTF_BROWSER_EXECUTABLE": firefox.executable,
                    "DTF_BROWSER_CHANNEL": "moz-firefox",
                }
            assert not bench.pids

    asyncio.run(go())
