import json
import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

from dtf.domain.outcome import Outcome
from dtf.domain.ports.monitor import Moment
from dtf.domain.ports.views import RunView
from tests.acceptance.dashboard_lab.laboratory import HOSTILE, Lab
from tests.acceptance.harness.pages import Browsed, Figure
from tests.acceptance.harness.place import DTF, Started, until
from tests.acceptance.harness.suites import mixed_suite
from tests.acceptance.harness.watch import Watch

#: A figure was true at most so long before the moment that it names, in seconds.
_LATE_S = 2.0
_SCRIPT = "<script>window.hacked=1</script>"
#: A terminal's escape, a bell, and a right-to-left override: shown as escapes, never sent on to the screen.
_CONTROL = "\x1b[31mred\x07 \u202egnp.exe"
_SHOWN_CONTROL = "\\x1b[31mred\\x07 \\u202egnp.exe"
_RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def _plain(run_id: str) -> dict[str, Callable[[Moment], float]]:
    """What stands behind metrics, counted plainly."""

    def run(moment: Moment) -> RunView:
        (found,) = [one for one in moment.runs if one.run_id == run_id]
        return found

    def shards(moment: Moment, state: str) -> int:
        return sum(states.get(state, 0) for states in moment.backlog.values())

    return {
        "cluster.active_workers": lambda m: sum(one.state == "online" for one in m.workers),
        "cluster.slots": lambda m: sum(one.info.slots for one in m.workers if one.state == "online"),
        "cluster.total_tasks": lambda m: m.totals.jobs_waiting + m.totals.jobs_running + sum(m.totals.jobs.values()),
        "cluster.runs_open": lambda m: sum(one.outcome is None for one in m.runs),
        "cluster.queued_shards": lambda m: shards(m, "queued"),
        "cluster.claimed_shards": lambda m: shards(m, "claimed"),
        "queues.cpu.queued": lambda m: m.backlog.get("cpu", {}).get("queued", 0),
        f"runs.{run_id}.expected": lambda m: run(m).expected,
        f"runs.{run_id}.cases_done": lambda m: sum(run(m).cases.values()) + run(m).running,
        f"runs.{run_id}.jobs_finished": lambda m: run(m).jobs_finished,
        f"runs.{run_id}.attempts": lambda m: run(m).attempts,
        f"runs.{run_id}.cases.passed": lambda m: run(m).cases["passed"],
    }


def _begun(lab: Lab, command: Started) -> str:
    """The id of the only run that is under way, when its cases are known."""

    def found() -> list[RunView]:
        return [run for run in lab.ledger.views.runs(active_only=True) if run.expected]

    assert until(lambda: found() or not command.running, 120), command.said
    (run,) = found()
    return run.run_id


def test_the_figures_of_a_run_are_the_ledgers(lab: Lab, pages: Browsed, tmp_path: Path) -> None:
    """While it runs, on three pages: each was true when it says; in the end they are what the command itself tells."""
    suite = mixed_suite(tmp_path / "suite", modules=4, each=40, seconds=0.3)
    command = lab.place.start(DTF, "run", str(suite.path), "--json")
    run_id = _begun(lab, command)
    plain, seen = _plain(run_id), list[Figure]()
    with Watch(lab.ledger) as watch:
        for path in ("/", "/lab/runs", f"/lab/runs/{run_id}"):
            pages.open(path)
            pages.page.wait_for_selector(f"[data-metric^='runs.{run_id}.'], #open-runs .nothing:not([hidden])")
            for _ in range(3):
                pages.page.wait_for_timeout(400)
                seen += [one for one in pages.figures() if one.as_of >= watch.moments[0].as_of]
        done = command.wait(300)
    compared = set[str]()
    for figure in [one for one in seen if one.metric in plain and one.value]:
        values = [plain[figure.metric](one) for one in watch.around(figure.as_of, _LATE_S, 0.0)]
        assert min(values) <= float(figure.value) <= max(values), (figure, values)
        compared.add(figure.metric)
    assert compared == set(plain)
    assert len({one.value for one in seen if one.metric == f"runs.{run_id}.cases_done"}) > 1, "nothing changed"
    _assert_makespans([one for one in seen if one.metric == f"runs.{run_id}.makespan_s"], lab.ledger.views.run(run_id))

    pages.open(f"/lab/runs/{run_id}")
    pages.page.wait_for_selector("#run-verdict .is-failed")
    for outcome, count in suite.counts.items():
        assert pages.figure(f"runs.{run_id}.cases.{outcome}") == str(count)
    assert {name: count for name, count in done.answer["counts"].items() if count} == suite.counts


def _assert_makespans(figures: list[Figure], run: RunView) -> None:
    """Assert that each is the time from the first attempt until the moment that it names, or until the end."""
    assert run.started_at is not None
    assert run.finished_at is not None
    assert figures
    for figure in figures:
        whole = min(figure.as_of, run.finished_at) - run.started_at
        # the look before the end is confirmed once more when the end is not seen yet
        assert abs(float(figure.value) - whole) <= _LATE_S, figure


def test_the_slots_on_a_time_line(lab: Lab, pages: Browsed, tmp_path: Path) -> None:
    """A bar for each attempt, reached and told by keyboard, and the same as a table."""
    suite = mixed_suite(tmp_path / "suite", modules=2, each=8, seconds=0.02)
    done = lab.place.dtf("run", str(suite.path), "--json")
    attempts = lab.ledger.views.attempts(done.answer["run_id"])
    pages.open(f"/lab/runs/{done.answer['run_id']}")
    bars = pages.page.locator(".timeline .bar")
    assert until(lambda: bars.count() == len(attempts), 30), bars.count()
    kinds = {bar.get_attribute("aria-label").split(":")[0] for bar in bars.all()}  # type: ignore[union-attr]
    assert kinds == {str(one.outcome) for one in attempts}
    lanes = set(pages.page.locator(".timeline .lanes text").all_text_contents())
    assert lanes == {f"{one.worker_name}, slot {one.slot}" for one in attempts}
    pages.page.focus(".timeline .bar[tabindex='0']")
    told = pages.page.locator(".timeline [role=tooltip]")
    heard = set[str]()
    for key in ["ArrowUp"] * len(lanes) + ["Home", *["ArrowRight"] * len(attempts), "ArrowDown"] * len(lanes):
        pages.page.keyboard.press(key)
        heard.add(told.inner_text())
    assert {words.split(",")[0] for words in heard} == {f"{one.outcome}: shard {one.shard_id}" for one in attempts}
    pages.page.keyboard.press("Escape")
    assert told.is_hidden()
    pages.page.click("#timeline summary")
    assert len(pages.keys("#timeline details")) == len(attempts)


_HOSTILE_SUITE = textwrap.dedent("""
    import pytest

    @pytest.mark.parametrize("word", [{script!r}, {control!r}])
    def test_hostile(word):
        print(word + "x" * 1_000_000)
        raise RuntimeError(word)
    """)

_HOSTILE_COMMAND = "print({text!r} + 'x' * 1_000_000); raise SystemExit({script!r})"


def _run_hostile(lab: Lab, directory: Path) -> tuple[str, str]:
    """Run a suite whose directory, names, messages and output are hostile, and such a command; the runs' ids."""
    suite = directory / HOSTILE
    suite.mkdir()
    setting = "disable_test_id_escaping_and_forfeit_all_rights_to_community_support"
    (suite / "pytest.ini").write_text(f"[pytest]\n{setting} = true\n")
    (suite / "test_it.py").write_text(_HOSTILE_SUITE.format(script=_SCRIPT, control=_CONTROL))
    code = _HOSTILE_COMMAND.format(text=_CONTROL + _SCRIPT, script=_SCRIPT)
    task = {"type": "command", "name": _SCRIPT, "config": {"argv": [sys.executable, "-c", code]}}
    (directory / "task.json").write_text(json.dumps(task))
    ran = lab.place.dtf("run", str(suite), "--json")
    submitted = lab.place.dtf("submit", "--task-file", str(directory / "task.json"), "--json", "--wait")
    return ran.answer["run_id"], submitted.answer["run_id"]


def _assert_is_text(pages: Browsed) -> str:
    """Assert that nothing on the page became more than text, and that none of it is long; the text."""
    assert not pages.page.locator("main img, main script").count()
    shown = pages.page.locator("main").inner_text()
    assert _RAW.search(shown) is None
    assert len(shown) < 100_000
    return shown


def test_hostile_content_is_text(lab: Lab, pages: Browsed, tmp_path: Path) -> None:
    """Names, messages, output and logs: markup is letters, control characters are escapes, and a megabyte is cut."""
    run_id, command_id = _run_hostile(lab, tmp_path)
    for path in ("/", "/lab/runs"):
        pages.open(path)
        if path != "/":
            pages.page.get_by_text(HOSTILE).first.wait_for()
        _assert_is_text(pages)

    pages.open(f"/lab/runs/{run_id}")
    for fold in pages.page.locator("#failures summary").all():
        fold.click()
    folds = pages.page.locator("#failures details")
    assert until(lambda: folds.count() == 2 and all("Output" in one for one in folds.all_inner_texts()), 30)
    shown = _assert_is_text(pages)
    assert HOSTILE in pages.page.locator("h1").inner_text()
    assert f"RuntimeError: {_SCRIPT}" in shown
    assert f"RuntimeError: {_SHOWN_CONTROL}" in shown
    more = folds.first.locator("button", has_text="characters are not shown").last
    before = len(folds.first.inner_text())
    more.click()
    assert len(folds.first.inner_text()) > before + 10_000

    pages.open(f"/lab/runs/{command_id}")
    log = pages.page.locator(".log-dtf")
    assert until(lambda: "more characters" in log.inner_text(), 30), log.inner_text()
    shown = _assert_is_text(pages)
    assert f"{_SHOWN_CONTROL}{_SCRIPT}xxx" in shown
    assert pages.page.locator("#failures").get_by_text(_SCRIPT).count()


def test_a_run_is_cancelled_from_its_page(lab: Lab, pages: Browsed) -> None:
    """After a question; the page then tells the verdict by itself."""
    run_id = lab.submit("long", seconds=600)
    pages.open(f"/lab/runs/{run_id}")
    pages.page.locator("#run-actions button").click()
    question = pages.page.locator("dialog")
    question.locator("button").first.click()
    assert not question.count()
    assert lab.ledger.views.run(run_id).outcome is None
    pages.page.locator("#run-actions button").click()
    question.locator("button", has_text="Cancel the run").click()
    assert until(lambda: lab.is_over(run_id), 60)
    assert lab.ledger.views.run(run_id).outcome is Outcome.CANCELLED
    pages.page.wait_for_selector("#run-verdict .is-cancelled")


def test_a_run_that_is_not_there(lab: Lab, pages: Browsed) -> None:
    """The page says so, with the right status, and shows nothing made up."""
    answer = pages.page.goto(f"{lab.base}/lab/runs/{HOSTILE.replace('/', '')}")
    assert answer is not None
    assert answer.status == 404
    assert "there is no run" in pages.page.locator("main").inner_text()
    assert not pages.figures()
    pages.troubles.clear()  # the browser complains of the status
