import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dtf.bootstrap.coordinator import make_coordinator
from dtf.dashboard.vendor import VendorMissingError, vendor_text
from dtf.domain.worker import WorkerLoad
from dtf.storage.ledger import Ledger
from tests.integration.coordinator.conftest import wait_for
from tests.integration.ledger.laboratory import worker
from tests.support.dashboard import Served, embedded, serving
from tests.support.valkey import running_valkey

#: How many points of a canvas are of a series' colour, more or less.
_PAINTED = """([selector, variable]) => {
  const canvas = document.querySelector(selector);
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
  probe.fillRect(0, 0, 1, 1);
  const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    const far = Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue);
    if (data[at + 3] > 200 && far < 24) count += 1;
  }
  return count;
}"""
_CPU = "#worker-charts figure:nth-of-type(1)"


@contextmanager
def _led(ledger: Ledger, directory: Path) -> Iterator[None]:
    """A coordinator, as ``dtf coordinator`` starts it, leads until the block ends."""
    stop = threading.Event()
    with running_valkey(directory) as valkey:
        coordinator = make_coordinator(embedded(directory / "state"), ledger, valkey.url)
        thread = threading.Thread(target=coordinator.run, args=(stop,), name="coordinator")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(60)


def _need_uplot() -> None:
    try:
        vendor_text("uplot.js")
    except VendorMissingError as error:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(str(error))
        pytest.skip(str(error))


def _report(ledger: Ledger, cpu: float) -> None:
    ledger.workers.register(worker())
    ledger.workers.heartbeat("w1", WorkerLoad(cpu_percent=cpu, memory_percent=20.0, load_1m=1.0, busy_slots=1))


def test_charts_show_what_a_coordinator_kept(opened: Ledger, page: Any, tmp_path: Path) -> None:
    """Its samples are lines on a canvas and numbers in the table; other times by buttons, by the keyboard alone."""
    _need_uplot()
    _report(opened, 62.5)
    with _led(opened, tmp_path):
        wait_for(lambda: opened.samples.names("worker/", 10))
    (kept,) = opened.samples.read(["worker/w1/cpu_percent"], 0, 1e11, 100)["worker/w1/cpu_percent"].samples
    assert kept.mean == 62.5

    with serving(embedded(tmp_path / "state"), opened) as served:
        _report(opened, 70.0)
        page.goto(f"http://127.0.0.1:{served.port}/lab/resources")
        page.locator(f"{_CPU} canvas").wait_for()
        page.wait_for_function(f"arguments => ({_PAINTED})(arguments) > 5", arg=[f"{_CPU} canvas", "--dtf-chart-1"])
        page.locator(f"{_CPU} summary").press("Enter")
        row = page.locator(f"{_CPU} table tbody td").first
        row.wait_for()
        assert row.inner_text() == "62.5 %"
        assert "last 62.5 %" in (page.locator(f"{_CPU} [role=img]").get_attribute("aria-label") or "")
        page.get_by_role("button", name="30 days").press("Enter")
        page.wait_for_function("() => location.search === '?last=2592000'")
        page.locator(f"{_CPU} [role=img]").press("+")
        page.locator(f"{_CPU} button", has_text="Show all").wait_for()
    # the socket's end is told on the console, and nothing else
    assert [told for told in page.complaints if "WebSocket" not in told and "ERR_CONN" not in told] == []


def test_without_its_packages_a_page_shows_tables(
    opened: Ledger, page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where uPlot is not installed the page says so, and what brings it; the figures are all there."""
    monkeypatch.setattr("dtf.dashboard.vendor._CHECKOUT", tmp_path / "nothing")
    term = opened.leadership.acquire("c", 600)
    assert term is not None
    opened.samples.write(term, opened.views.now(), {"health/score": 40.0})

    with serving(replace(embedded(tmp_path / "state"), web_assets=tmp_path), opened) as served:
        _open(page, served)
        table = page.locator("#laboratory figure:nth-of-type(2) table tbody td").first
        table.wait_for()
        assert table.inner_text() == "40 of 100"
        note = page.locator("#laboratory figure:nth-of-type(2) .chart-note").inner_text()
        assert "make run" in note
        assert page.locator("canvas").count() == 0


def test_an_empty_laboratory_says_what_to_do(opened: Ledger, page: Any, tmp_path: Path) -> None:
    """Nothing is drawn where nothing was measured; the words say what keeps figures."""
    with serving(embedded(tmp_path / "state"), opened) as served:
        _open(page, served)
        page.locator("#laboratory .nothing").first.wait_for()
        assert "dtf up" in page.locator("#laboratory .nothing").first.inner_text()
        page.locator("#workers .nothing").wait_for()


def _open(page: Any, served: Served) -> None:
    page.goto(f"http://127.0.0.1:{served.port}/lab/resources")
