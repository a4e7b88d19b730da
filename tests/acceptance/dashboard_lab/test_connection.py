from collections import Counter
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from tests.acceptance.dashboard_lab.laboratory import Lab
from tests.acceptance.harness.line import Line, Sockets
from tests.acceptance.harness.pages import Browsed, browsing, served
from tests.acceptance.harness.place import DTF, Started, until
from tests.acceptance.harness.watch import Watch

#: The --update-interval of the dashboards here, in seconds.
INTERVAL_S = 3
#: So long a page may take until it is told over the socket again, in seconds.
BACK_S = 10
#: A figure was true at most so long before the moment that it names, in seconds.
LATE_S = 2.0
_STEP_MS = 250
_SILENCE_MS = 6000


@pytest.fixture
def dashboard(lab: Lab) -> Iterator[tuple[Started, str]]:
    """A dashboard of a test's own over the laboratory, and its address."""
    command, base = served(lab.place, "--update-interval", str(INTERVAL_S))
    yield command, base
    command.process.terminate()
    command.wait(60)


def _state(pages: Browsed) -> str | None:
    return pages.page.locator("#connection").get_attribute("data-state")


def _jobs(lab: Lab, *run_ids: str) -> Counter[str]:
    """The jobs of some runs, each once."""
    return Counter(job.job_id for run_id in run_ids for job in lab.ledger.views.jobs(run_id))


def _shows(pages: Browsed, jobs: Counter[str]) -> bool:
    """Whether the list has these, each once, and nothing else; a row that is there twice counts twice."""
    return Counter(pages.keys_now("#jobs")) == jobs


class _Clock:
    """The page's clock, which goes on only when it is told to: how slow the machine is does not count."""

    def __init__(self, pages: Browsed) -> None:
        self._page = pages.page
        self.sockets = 0
        self._page.on("websocket", lambda _: self._count())
        self.passed_ms = 0

    def _count(self) -> None:
        self.sockets += 1

    def stop(self) -> None:
        """Have it stand still from now on."""
        self._page.clock.pause_at(self._page.evaluate("Date.now() + 1"))

    def go_on(self, ms: int) -> None:
        """Have so much time pass."""
        self._page.clock.run_for(ms)
        self.passed_ms += ms

    def go_on_until(self, met: Callable[[], bool], at_most_ms: int) -> bool:
        """Have time pass until something is met; a socket that was begun on the way gets the time that it needs."""
        self.passed_ms, sockets = 0, self.sockets
        while self.passed_ms < at_most_ms:
            self.go_on(_STEP_MS)
            self._page.evaluate("0")  # what the page told meanwhile has arrived
            if self.sockets > sockets:
                sockets = self.sockets
                until(met, 30)
            if met():
                return True
        return met()


def _assert_is_true(pages: Browsed, watch: Watch) -> None:
    """Assert that the number of jobs on the page is one that the ledger had then."""
    (figure,) = [one for one in pages.figures() if one.metric == "tasks.total"]

    def total(moment: object) -> int:
        totals = moment.totals  # type: ignore[attr-defined]
        return int(totals.jobs_waiting + totals.jobs_running + sum(totals.jobs.values()))

    had = [total(moment) for moment in watch.around(figure.as_of, LATE_S, 0.0)]
    assert min(had) <= float(figure.value) <= max(had), (figure, had)


@pytest.mark.parametrize("how", [Sockets.CLOSED, Sockets.SILENT])
def test_a_page_whose_socket_is_cut(lab: Lab, dashboard: tuple[Started, str], how: Sockets) -> None:
    """It asks within one interval, says so and is right; then it goes back: nothing is there twice, or missing."""
    word = f"cut {how}"
    before = lab.submit(f"{word} a", hardware="cuda")
    port = urlsplit(dashboard[1]).port or 0
    with Line(port) as line, browsing(f"http://127.0.0.1:{line.port}") as pages, Watch(lab.ledger) as watch:
        clock = _Clock(pages)
        pages.page.clock.install()
        pages.open(f"/lab/jobs?search={word.replace(' ', '+')}")
        assert until(lambda: _shows(pages, _jobs(lab, before)), 60)
        clock.stop()

        line.sockets = how
        if how is Sockets.SILENT:
            clock.go_on(_SILENCE_MS)  # a socket that says nothing is taken for lost
        assert until(lambda: _state(pages) == "polling", 60), _state(pages)
        assert f"asking every {INTERVAL_S} s" in pages.page.locator("#connection").inner_text()
        meanwhile = lab.submit(f"{word} b", f"{word} c", hardware="cuda")
        jobs = _jobs(lab, before, meanwhile)
        written_at = max(job.created_at for job in lab.ledger.views.jobs(meanwhile))

        def is_told() -> bool:
            return any(one.metric == "tasks.total" and one.as_of > written_at for one in pages.figures())

        # the dashboard itself looks once a second of real time; from then on one interval must do
        assert until(lambda: _looked_at(pages) > written_at, 60)
        clock.go_on(1000 * INTERVAL_S)
        assert until(is_told, 60), pages.figures()
        _assert_is_true(pages, watch)
        clock.go_on(1000)  # a list asks at most once a second
        assert until(lambda: _shows(pages, jobs), 60), (pages.keys_now("#jobs"), jobs)
        assert _state(pages) == "polling"

        line.sockets = Sockets.PASS
        assert clock.go_on_until(lambda: _state(pages) == "live", 1000 * BACK_S), (_state(pages), clock.sockets)
        pages.page.clock.resume()
        after = lab.submit(f"{word} d", hardware="cuda")
        jobs = _jobs(lab, before, meanwhile, after)
        assert until(lambda: _shows(pages, jobs), 60), (pages.keys_now("#jobs"), jobs)
        assert _state(pages) == "live"
        _assert_is_true(pages, watch)
    for run_id in (before, meanwhile, after):
        lab.ledger.submissions.cancel_run(run_id, "the test is over")


def _looked_at(pages: Browsed) -> float:
    """When the dashboard looked last, by its own word."""
    answer = pages.page.request.get(f"{pages.base}/api/monitoring/tasks")
    return float(answer.json()["as_of"])


def test_a_dashboard_that_is_killed_and_comes_back(lab: Lab, dashboard: tuple[Started, str]) -> None:
    """The page says that nobody answers, and comes back by itself with all that was, and what came meanwhile."""
    command, base = dashboard
    before = lab.submit("killed a", "killed b", seconds=0.1)
    assert until(lambda: lab.is_over(before), 120)
    with browsing(base) as pages:
        pages.open("/lab/jobs?search=killed")
        assert until(lambda: _shows(pages, _jobs(lab, before)), 60)
        pages.page.evaluate("window.stayed = true")
        command.process.kill()
        command.wait(60)
        assert until(lambda: _state(pages) == "away", 60), _state(pages)
        assert "does not answer" in pages.page.locator("#connection").inner_text()
        meanwhile = lab.submit("killed c", seconds=0.1)
        jobs = _jobs(lab, before, meanwhile)
        port = urlsplit(base).port
        again = lab.place.start(DTF, "dashboard", "--port", str(port), "--update-interval", str(INTERVAL_S))
        try:
            assert until(lambda: _state(pages) == "live", 120), again.said
            assert pages.page.evaluate("window.stayed"), "it was loaded anew"
            assert until(lambda: _shows(pages, jobs), 60), (pages.keys_now("#jobs"), jobs)
            # history is the ledger's, whichever dashboard shows it
            assert until(lambda: lab.is_over(meanwhile), 120)
            passed = pages.page.locator("#jobs tbody .is-passed")
            assert until(lambda: passed.count() == len(jobs), 60), passed.count()
        finally:
            again.process.terminate()
            again.wait(60)
