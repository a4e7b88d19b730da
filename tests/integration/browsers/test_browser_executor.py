import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from dtf.domain.outcome import Outcome
from dtf.domain.shard import AttemptResult
from dtf.domain.work import BrowserCheck
from dtf.domain.worker import Device
from dtf.execution.browser_host.choice import BrowserChoice
from dtf.execution.executors.browser_pool.limits import Cause, PoolLimits
from tests.integration.browsers.bench import Bench, a_bench, are_gone
from tests.support.browsers import need_browser


def metrics(result: AttemptResult) -> dict[str, float]:
    """Measures by name."""
    return {metric.name: metric.value for metric in result.metrics}


def at_bench(
    tmp_path: Path,
    work: Callable[[Bench], Awaitable[None]],
    limits: PoolLimits | None = None,
    browser: BrowserChoice | None = None,
) -> None:
    """Do something at a bench."""

    async def go() -> None:
        async with a_bench(tmp_path, browser or need_browser("chromium"), limits) as bench:
            await work(bench)

    asyncio.run(go())


def main_process(bench: Bench) -> psutil.Process:
    """The browser's own process, below that of its host."""
    for pid, words in bench.command_lines.items():
        if any(w.startswith("--user-data-dir=") for w in words) and not any(w.startswith("--type=") for w in words):
            return psutil.Process(pid)
    raise AssertionError("no browser runs")


def test_a_slot_keeps_its_browser(tmp_path: Path) -> None:
    """The second job runs in the browser of the first; each proves its adapter, and software is said to be software."""

    async def work(bench: Bench) -> None:
        first = await bench.run()
        browser = main_process(bench).pid
        second = await bench.run(seed=5)
        assert (first.outcome, second.outcome) == (Outcome.PASSED, Outcome.PASSED), (first.reason, second.reason)
        assert [r.proof["browser_launched"] for r in (first, second)] == ["yes", "no"]
        assert main_process(bench).pid == browser
        assert metrics(second)["elements"] == 8192
        assert 0 < metrics(second)["largest_error"] < metrics(second)["tolerance"]
        assert metrics(second)["browser_launches"] == 1
        assert second.proof["software"] == "yes"
        assert second.proof["device"] == "webgpu-chromium-test"
        assert "swiftshader" in second.proof["evidence"]
        other = await bench.run(slot=1)
        assert other.proof["browser_launched"] == "yes"
        assert bench.executor.pool.figures.jobs == {"chromium": 3}
        await bench.executor.end_slot(0)
        assert await are_gone({browser})
        assert (await bench.run(slot=1)).proof["browser_launched"] == "no"

    at_bench(tmp_path, work)


def test_wrong_numbers_fail(tmp_path: Path) -> None:
    """A tolerance that the result exceeds is a failure, and a trace of it is kept; the browser stays."""

    async def work(bench: Bench) -> None:
        result = await bench.run(tolerance=0.0)
        assert result.outcome is Outcome.FAILED
        assert "exceeds the tolerance 0" in result.reason
        assert {"trace.zip", "screenshot.png"} <= bench.kept()
        again = await bench.run()
        assert again.outcome is Outcome.PASSED
        assert again.proof["browser_launched"] == "no"
        assert bench.kept() == set()

    at_bench(tmp_path, work)


def test_a_dead_browser_is_replaced(tmp_path: Path) -> None:
    """A browser that was killed between two jobs costs the next one nothing but a launch."""

    async def work(bench: Bench) -> None:
        await bench.run()
        main_process(bench).send_signal(signal.SIGKILL)
        after = await bench.run()
        assert after.outcome is Outcome.PASSED, after.reason
        assert after.proof["browser_replaced"] == "health"
        bench.timeout_s = 0.001
        late = await bench.run()
        assert late.outcome is Outcome.TIMEOUT
        bench.timeout_s = 60.0
        assert (await bench.run()).proof["browser_launched"] == "yes"
        assert bench.executor.pool.figures.ended[Cause.HEALTH] == 2

    at_bench(tmp_path, work)


@pytest.mark.parametrize(
    ("limits", "cause"),
    [
        (PoolLimits(jobs=1), "jobs"),
        (PoolLimits(memory_bytes=1, look_s=0.0), "memory"),
    ],
)
def test_a_browser_is_replaced_at_its_limits(tmp_path: Path, limits: PoolLimits, cause: str) -> None:
    """Jobs and memory each end a browser between two jobs, and the attempt says so."""

    async def work(bench: Bench) -> None:
        await bench.run()
        before = main_process(bench).pid
        result = await bench.run()
        assert result.outcome is Outcome.PASSED
        assert result.proof["browser_replaced"] == cause
        assert metrics(result)[f"browsers_ended_{cause}"] == 1
        assert await are_gone({before})

    at_bench(tmp_path, work, limits)


def test_an_idle_browser_ends(tmp_path: Path) -> None:
    """A browser that nobody uses is ended after a while, with its profile."""

    async def work(bench: Bench) -> None:
        await bench.run()
        browser = main_process(bench)
        profile = next(w for w in browser.cmdline() if w.startswith("--user-data-dir=")).partition("=")[2]
        assert os.path.isdir(profile)  # noqa: ASYNC240, PTH112  # quick
        assert await are_gone({browser.pid})
        for _ in range(600):
            if not os.path.exists(profile):  # noqa: ASYNC240, PTH110  # quick
                break
            await asyncio.sleep(0.1)
        assert not os.path.exists(profile)  # noqa: ASYNC240, PTH110  # quick
        assert bench.executor.pool.figures.ended == {Cause.IDLE: 1}

    at_bench(tmp_path, work, PoolLimits(idle_s=0.5))


def test_what_ran_elsewhere_is_said(tmp_path: Path) -> None:
    """A page without an adapter, or with software in place of the promised hardware, never passes."""
    chromium = need_browser("chromium")
    without = tmp_path / "chromium-without-webgpu"
    without.write_text(
        f'#!/bin/bash\nargs=()\nfor a in "$@"; do [[ $a == --enable-unsafe-webgpu ]] || args+=("$a"); done\n'
        f'exec {chromium.executable} "${{args[@]}}"\n'
    )
    without.chmod(0o755)

    async def work(bench: Bench) -> None:
        bench.browser = BrowserChoice(browser="custom", executable=str(without))
        result = await bench.run()
        assert result.outcome is Outcome.INFRA
        assert result.reason.startswith("ran elsewhere: the page was given no WebGPU adapter")
        assert "no WebGPU adapter" in result.proof["elsewhere"]
        bench.browser, bench.software = chromium, False
        result = await bench.run()
        assert result.outcome is Outcome.INFRA
        assert "which is software" in result.proof["elsewhere"]
        assert result.proof["browser_replaced"] == "other browser"

    at_bench(tmp_path, work)


@pytest.mark.parametrize("name", ["headless-shell", "firefox"])
def test_other_browsers_compute_too(tmp_path: Path, name: str) -> None:
    """The shader gives the right numbers in each browser."""

    async def work(bench: Bench) -> None:
        (bench.directory / "own.py").write_text("async def run(page):\n    assert await page.evaluate('1') == 2\n")
        results = [await bench.run(), await bench.run()]
        assert [r.outcome for r in results] == [Outcome.PASSED] * 2, [r.reason for r in results]
        assert results[1].proof["browser_launched"] == "no"
        assert results[1].proof["browser"] == name
        script = await bench.run(BrowserCheck.SCRIPT, target="own.py")
        assert script.outcome is Outcome.FAILED
        assert script.reason == "AssertionError at own.py:2: assert await page.evaluate('1') == 2"
        assert script.proof["browser_version"] == results[0].proof["browser_version"]

    at_bench(tmp_path, work, browser=need_browser(name))


def test_a_browser_that_does_not_start_is_no_failure_of_the_job(tmp_path: Path) -> None:
    """A program that is no browser is an infrastructure failure, with what it said."""
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho no such display >&2\nexit 1\n")
    broken.chmod(0o755)

    async def work(bench: Bench) -> None:
        result = await bench.run()
        assert result.outcome is Outcome.INFRA
        assert "custom could not be used" in result.reason
        assert not bench.pids

    need_browser("chromium")
    at_bench(tmp_path, work, browser=BrowserChoice(browser="custom", executable=str(broken)))


_SCRIPTS = {
    "good": "import sys\nasync def run(page):\n    assert await page.evaluate('6 * 7') == int(sys.argv[1])\n",
    "bad": "async def run(page, context):\n    await page.evaluate('console.log(`seen`)')\n    assert 1 == 2, 'no'\n",
    "crash": "async def run(page):\n    await page.goto('chrome://crash')\n",
    "exit": "import os\nasync def run(page):\n    os._exit(3)\n",
    "loop": "async def run(page):\n    while True: pass\n",
    "close": "async def run(page):\n    await page.context.browser.close()\n",
    "closed": "async def run(page):\n    await page.context.browser.close()\n    await page.evaluate('1')\n",
    "broken": "import no_such_module_anywhere\n",
    "empty": "def run(page): pass\n",
}


def test_scripts_of_users(tmp_path: Path) -> None:
    """A script runs in the slot's browser; whatever it does is its own verdict, and the browser outlives it."""
    for name, text in _SCRIPTS.items():
        (tmp_path / f"{name}.py").write_text(text)

    async def work(bench: Bench) -> None:
        async def script(name: str, *args: str) -> AttemptResult:
            return await bench.run(BrowserCheck.SCRIPT, target=f"{name}.py", args=args)

        good = await script("good", "42")
        assert good.outcome is Outcome.PASSED, good.reason
        assert "swiftshader" in good.proof["evidence"]
        assert bench.kept() == set()
        bad = await script("bad")
        assert (bad.outcome, bad.proof["browser_launched"]) == (Outcome.FAILED, "no")
        assert bad.reason == "AssertionError: no"
        assert "assert 1 == 2" in bench.log.decode()
        assert bench.kept() == {"trace.zip", "screenshot.png", "console.log"}
        crash = await script("crash")
        assert (crash.outcome, crash.reason) == (Outcome.INFRA, "the renderer of the page crashed")
        assert "trace.zip" in bench.kept()
        assert (await script("close")).outcome is Outcome.PASSED
        closed = await script("closed")
        assert closed.outcome is Outcome.FAILED
        assert closed.reason.startswith("the script closed the browser; TargetClosedError")
        ended = await script("exit")
        assert (ended.outcome, ended.reason) == (Outcome.ERROR, "the script's process ended with status 3")
        assert (await script("broken")).outcome is Outcome.ERROR
        empty = await script("empty")
        assert (empty.outcome, empty.reason) == (Outcome.ERROR, "empty.py has no `async def run(page)`")
        assert (await script("none")).outcome is Outcome.ERROR
        bench.timeout_s = 3.0
        assert (await script("loop")).outcome is Outcome.TIMEOUT
        bench.timeout_s = 60.0
        assert bench.executor.pool.figures.launches == 1
        assert (await script("good", "42")).outcome is Outcome.PASSED
        assert (await bench.run()).proof["browser_replaced"] == "other programs' access"

    at_bench(tmp_path, work)


def test_a_driver_that_crashes_is_noticed_at_once(tmp_path: Path) -> None:
    """A page that waits when the driver is killed does not wait until its limit, and the next job has a new browser."""
    (tmp_path / "index.html").write_text("<script>dtf.artifact('begun', 'yes')</script>")

    async def work(bench: Bench) -> None:
        await bench.run()
        bench.timeout_s = 600.0
        driver = next(pid for pid, words in bench.command_lines.items() if "run-driver" in words)
        running = asyncio.create_task(bench.run(BrowserCheck.PAGE, target="."))
        for _ in range(600):
            if any(name.endswith(".partial") for name in bench.kept()):
                break
            await asyncio.sleep(0.1)
        psutil.Process(driver).kill()
        result = await asyncio.wait_for(running, 120)
        assert (result.outcome, result.reason) == (Outcome.INFRA, "the browser's driver crashed")
        bench.timeout_s = 60.0
        assert (await bench.run()).outcome is Outcome.PASSED

    at_bench(tmp_path, work)


def test_nothing_real_stands_in_for_a_simulated_browser(tmp_path: Path) -> None:
    """A slot whose browser is simulated starts none, and its jobs are not tried again."""

    async def work(bench: Bench) -> None:
        device = Device(kind="webgpu", name="simulated webgpu", uuid="simulated-webgpu-0", simulated=True)
        context = replace(bench.context(), devices=(device,))
        result = await bench.executor.run(bench.shard(), context)
        assert result.outcome is Outcome.INFRA
        assert result.reason.startswith("ran elsewhere: the slot's browser is simulated")
        assert "simulated" in result.proof["elsewhere"]
        assert "device" not in result.proof
        assert not bench.pids

    at_bench(tmp_path, work, browser=BrowserChoice(browser="custom", executable="/bin/false"))


def test_a_check_that_is_called_off(tmp_path: Path) -> None:
    """A cancelled attempt ends at once, and with it its browser."""
    (tmp_path / "loop.py").write_text(_SCRIPTS["loop"])

    async def work(bench: Bench) -> None:
        context = bench.context()
        running = asyncio.create_task(bench.executor.run(bench.shard(BrowserCheck.SCRIPT, target="loop.py"), context))
        for _ in range(600):
            if any("--scripts" in words for words in bench.command_lines.values()):
                break
            await asyncio.sleep(0.1)
        context.cancel_reason = "somebody said so"
        context.cancelled.set()
        result = await running
        assert (result.outcome, result.reason) == (Outcome.CANCELLED, "somebody said so")

    at_bench(tmp_path, work)
