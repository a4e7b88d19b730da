import json

from tests.acceptance.harness.place import Place, until
from tests.support.browsers import need_browser

# as docs/browsers.md shows it
_CONFTEST = """
import os

import pytest
from playwright.sync_api import sync_playwright


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        yield playwright.chromium.connect_over_cdp(os.environ["DTF_DEVICE_ENDPOINT"])


@pytest.fixture
def page(browser):
    context = browser.new_context()
    yield context.new_page()
    context.close()
"""

_SUITE = """
import os, sys
import pytest

@pytest.mark.parametrize("number", range(4))
def test_the_adapter(page, number, record_property):
    assert not [name for name in sys.modules if name == "dtf" or name.startswith("dtf.")]
    with pytest.raises(ImportError, match="there is no dtf here"):
        import dtf
    record_property("endpoint", os.environ["DTF_DEVICE_ENDPOINT"])
    page.route("http://localhost/", lambda route: route.fulfill(body="<title>t</title>", content_type="text/html"))
    page.goto("http://localhost/")
    told = page.evaluate("navigator.gpu.requestAdapter().then((adapter) => adapter.info.architecture)")
    assert bool(told) and os.environ["DTF_BROWSER"] == "chromium"
"""


def test_a_suite_finds_the_warm_browser_of_its_slot(place: Place) -> None:
    """A suite that cannot import dtf uses the slot's browser, which proves it; afterwards nothing is left."""
    need_browser("chromium")
    suite = place.directory / "suite"
    suite.mkdir()
    (suite / "pytest.ini").write_text("[pytest]\n")
    # the tests' interpreter has dtf: this hides it from the suite, which an interpreter without it would not need
    (suite / "dtf.py").write_text("raise ImportError('there is no dtf here')\n")
    (suite / "conftest.py").write_text(_CONFTEST)
    (suite / "test_gpu.py").write_text(_SUITE)
    done = place.dtf(
        "run",
        str(suite),
        "--hardware",
        "webgpu",
        "--require",
        "browser=chromium",
        "--workers",
        "1",
        "--json",
        timeout_s=240,
    )
    assert done.status == 0, done.err[-3000:]
    assert done.answer["counts"]["passed"] == 4
    report = json.loads(place.dtf("report", done.answer["run_id"], "--format", "json").out)
    (job,) = report["job_list"]
    endpoints = {case["properties"]["endpoint"] for case in job["case_list"]}
    assert len(endpoints) == 1
    assert next(iter(endpoints)).startswith("http://127.0.0.1:")
    proofs = [a["proof"] for a in report["attempt_list"] if a["proof"].get("browser_launched") == "no"]
    assert proofs
    assert all("opened in the slot's chromium" in proof["evidence"] for proof in proofs)
    assert all(proof["device"].startswith("webgpu-chromium-") for proof in proofs)
    assert until(lambda: not place.processes().all, 60), place.processes().lines()


def test_a_task_file_of_browser_jobs(place: Place) -> None:
    """The shader and scripts run in the browser of their slot, with proof and measures; afterwards nothing is left."""
    need_browser("chromium")
    (place.directory / "right.py").write_text("async def run(page):\n    assert await page.evaluate('6 * 7') == 42\n")
    (place.directory / "wrong.py").write_text("async def run(page):\n    assert await page.evaluate('6 * 7') == 54\n")
    here = {"hardware_requirements": {"browser": "chromium"}}
    tasks = [{"type": "browser", "name": "shader", "config": {"check": "wgsl", **here}}]
    tasks += [
        {"type": "browser", "name": name, "config": {"check": "script", "target": f"{name}.py", **here}}
        for name in ("right", "wrong")
    ]
    (place.directory / "tasks.json").write_text(json.dumps(tasks))
    done = place.dtf("submit", "--task-file", "tasks.json", "--wait", "--json", timeout_s=240)
    assert done.status == 1, done.err[-3000:]
    report = json.loads(place.dtf("report", done.answer["run_id"], "--format", "json").out)
    assert {job["spec"]["name"]: job["outcome"] for job in report["job_list"]} == {
        "shader": "passed",
        "right": "passed",
        "wrong": "failed",
    }
    assert all("was given the adapter" in attempt["proof"]["evidence"] for attempt in report["attempt_list"])
    errors = [metric["value"] for metric in report["metric_list"] if metric["name"] == "largest_error"]
    assert len(errors) == 1
    assert 0 < errors[0] < 1.25e-4
    kept = {artifact["name"] for artifact in report["artifact_list"]}
    assert {"trace.zip", "screenshot.png"} <= kept
    assert until(lambda: not place.processes().all, 60), place.processes().lines()


def test_a_browser_is_asked_once_for_several_commands(place: Place) -> None:
    """Two commands, each with a worker of its own, use what the first found out; --detect-only asks anew."""
    browser = need_browser("headless-shell")
    programs = place.directory / "programs"
    programs.mkdir()
    program = programs / "chromium-headless-shell"
    program.write_text(f'#!/bin/sh\nexec {browser.executable} "$@"\n')
    program.chmod(0o755)
    # no other browser is found
    place.environment |= {"PATH": str(programs), "HOME": str(programs), "DTF_WEB_ASSETS": str(programs)}
    (place.directory / "tasks.json").write_text(
        json.dumps({"type": "browser", "name": "shader", "config": {"check": "wgsl"}})
    )
    remembered = place.state / "worker" / "browsers.json"
    seen = []
    for _ in range(2):
        done = place.dtf("submit", "--task-file", "tasks.json", "--wait", "--json", timeout_s=240)
        assert done.status == 0, done.err[-3000:]
        seen.append(json.loads(remembered.read_text()))
        assert until(lambda: not place.processes().all, 60), place.processes().lines()
    workers = place.dtf("workers", "--all", "--json").answer["workers"]
    devices = [device for worker in workers for device in worker["devices"] if device["kind"] == "webgpu"]
    assert len(seen[0]["browsers"]) == 1
    assert seen[1] == seen[0]
    assert len(devices) == 2
    assert len({device["details"]["checked_at"] for device in devices}) == 1
    place.dtf("worker", "--detect-only", "-Q", "webgpu")
    (anew,) = json.loads(remembered.read_text())["browsers"]
    assert anew["asked_at"] > seen[0]["browsers"][0]["asked_at"]
