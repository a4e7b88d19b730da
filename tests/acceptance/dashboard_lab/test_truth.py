import json
import os
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isclose
from typing import Any

import pytest

from dtf.bootstrap.monitoring import Laboratory
from dtf.domain.worker import WorkerState
from dtf.settings import load_settings
from tests.acceptance.dashboard_lab.laboratory import Lab, laboratory
from tests.acceptance.dashboard_lab.plain import breakers, cluster, fleet, health, work
from tests.acceptance.dashboard_lab.plain.look import LedgerEye, Look
from tests.acceptance.dashboard_lab.plain.metrics import plain_of
from tests.acceptance.harness.pages import Browsed, Figure
from tests.acceptance.harness.place import CELERY, until

#: The modules that say what stands behind the metrics.
_PLAIN = (breakers, cluster, fleet, health, work)
_JOBS, _MOMENTS = 500, 50
#: A figure was true at most so long before the moment that it names, in seconds, and read so soon after it.
_LATE_S, _SOON_S = 2.0, 0.25
#: What is looked up when there is a new sample, so often, in seconds.
_SAMPLED = {"cluster.health.earlier": 10.0}
#: What rises with time and falls with each job that ends well, between two looks as well: so much, of a share of 1.
_BELIEF, _MOVES = re.compile(r"breakers\.targets\..+\.bad"), 0.005
#: What is under way: between two looks it also falls and rises with each attempt that ended there and the next one.
_FLOWS = re.compile(
    r"(cluster\.(jobs_running|claimed_shards)|resources\.jobs_running|tasks\.counts\.running|.+\.(claimed|busy|held)"
    r"|.+\.available|(hardware|network)\..+\.(busy_slots|value)|workers\.\w+\.slot_table\.\d+\.runs\.\w+)"
)
_LOADED = """() => !document.querySelector('main table[aria-busy=true]')
    && [...document.querySelectorAll('[data-metric]')].every(one => Number(one.dataset.asOf) > 0)"""
_UNFOLD = "() => document.querySelectorAll('main details').forEach(one => { one.open = true; })"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A figure, and where it stood."""

    path: str
    figure: Figure


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A cluster of two workers and one that is not the cluster's own, which nobody starts again; its dashboard."""
    with laboratory(tmp_path_factory.mktemp("truth"), "third@vm") as found:
        yield found


def _inspected(lab: Lab, what: str) -> dict[str, Any]:
    """What ``celery inspect`` knows, by worker."""
    done = lab.place.start(CELERY, "-A", "dtf", "inspect", what, "--json", "--timeout", "5").wait(60)
    assert done.status == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def _paths(lab: Lab, run_id: str) -> list[str]:
    """The pages, of the details those of what is in trouble later on."""
    third = next(one.info for one in lab.online() if one.info.name.startswith("third"))
    first = next(one.info for one in lab.online() if not one.info.name.startswith("third"))
    return [
        "/",
        "/lab/runs",
        f"/lab/runs/{run_id}",
        "/lab/jobs",
        "/lab/workers",
        f"/lab/workers/{third.worker_id}",
        "/lab/hardware",
        "/lab/network",
        f"/lab/breakers?target=cpu/{first.name}",
        "/lab/recovery",
        "/lab/coordinators",
        "/lab/resources",
        f"/lab/workers/{first.worker_id}",
    ]


def _read(pages: Browsed, path: str) -> list[_Seen]:
    """All figures of a page, at one moment at which everything on it has come."""
    pages.open(path)
    pages.page.evaluate(_UNFOLD)
    pages.page.wait_for_function(_LOADED)
    found = pages.figures()
    assert found, path
    return [_Seen(path=path, figure=one) for one in found]


def _drain(pages: Browsed, worker_id: str) -> None:
    """By the button on the worker's page."""
    pages.open(f"/lab/workers/{worker_id}")
    pages.page.locator("#now button", has_text="Drain").click()
    pages.page.locator("dialog button", has_text="Drain the worker").click()
    pages.page.locator("dialog").get_by_text("It drains").wait_for()
    pages.page.locator("dialog button", has_text="Close").click()


def _is(shown: str, value: object) -> bool:
    """Whether a page shows a value: a script has one kind of number, and nothing for what is not known."""
    if value is None or shown == "":
        return value is None and shown == ""
    if isinstance(value, str):
        return shown == value
    return isinstance(value, int | float) and isclose(float(shown), float(value), rel_tol=1e-12, abs_tol=1e-6)


def _ended(look: Look) -> int:
    """How many attempts were over."""
    return look.once("ended", lambda: sum(one["outcome"] is not None for one in look.tables["attempts"]))


def _is_between(figure: Figure, before: tuple[Look, object], after: tuple[Look, object]) -> bool:
    """Whether a figure went through what is shown from one look to the next."""
    (earlier, low), (later, high) = before, after
    moves = _MOVES if _BELIEF.fullmatch(figure.metric) else 0.0
    if _FLOWS.fullmatch(figure.metric):
        moves = _ended(later) - _ended(earlier)
        if not figure.value:
            return moves > 0
    if not figure.value or not isinstance(low, int | float) or not isinstance(high, int | float):
        return False
    return min(low, high) - moves <= float(figure.value) <= max(low, high) + moves


def _held(figure: Figure, plain: Callable[[Look, float], object], looks: Sequence[Look]) -> bool:
    """Whether the ledger held what a figure shows, at one of the looks, or on the way from one to the next."""
    values = [(look, plain(look, figure.as_of)) for look in looks]
    if any(_is(figure.value, value) for _, value in values):
        return True
    return any(_is_between(figure, before, after) for before, after in pairwise(values))


def _untrue(seen: Sequence[_Seen], eye: LedgerEye) -> list[str]:
    """The figures that the ledger did not hold when they say, and those of which nobody said what stands behind."""
    wrong = []
    for one in seen:
        figure, plain = one.figure, plain_of(one.figure.metric)
        if plain is None:
            wrong.append(f"{one.path}: nothing is said of {figure.metric}")
            continue
        begin = figure.as_of - _LATE_S - _SAMPLED.get(figure.metric, 0.0)
        looks = eye.around(begin, figure.as_of + _SOON_S)
        if not _held(figure, plain, looks):
            values = list(dict.fromkeys(str(plain(look, figure.as_of)) for look in looks))
            wrong.append(f"{one.path}: {figure} is none of {values}")
    return wrong


def test_each_figure_is_the_ledgers(lab: Lab, pages: Browsed) -> None:
    """At 50 moments while 500 jobs run, a worker is killed, one is drained and a breaker is opened by hand."""
    assert _PLAIN
    laboratory = Laboratory(load_settings(lab.place.environment), lab.ledger)
    file = lab.place.state.resolve() / "ledger.sqlite3"
    seen: list[_Seen] = []
    with LedgerEye(file, laboratory) as eye:
        _compare_with_celery(lab, pages)
        run_id = lab.submit(*(f"small {number}" for number in range(_JOBS)))
        paths = _paths(lab, run_id)
        third, first = paths[5].rpartition("/")[2], paths[-1].rpartition("/")[2]
        target = paths[8].partition("=")[2]
        pids = {one.info.worker_id: one.info.pid for one in lab.online()}
        assert until(lambda: eye.has_seen(0.0), 60)
        for moment in range(_MOMENTS - 2):
            if moment == _MOMENTS // 5:
                os.kill(pids[third], signal.SIGKILL)
            elif moment == 2 * _MOMENTS // 5:
                assert lab.place.dtf("breakers", "open", target, "--reason", "a look at it").status == 0
            elif moment == 3 * _MOMENTS // 5:
                _drain(pages, first)
            seen += _read(pages, paths[moment % len(paths)])
        assert until(lambda: _states(lab)[third] is WorkerState.OFFLINE, 120, every_s=0.5)
        seen += [*_read(pages, "/"), *_read(pages, "/lab/workers")]
        last = max(one.figure.as_of for one in seen)
        assert until(lambda: eye.has_seen(last + _SOON_S), 60)
    laboratory.close()
    seen = [one for one in seen if one.figure.as_of - _LATE_S >= eye.looks[0].at]
    wrong = _untrue(seen, eye)
    assert not wrong, f"{len(wrong)} of {len(seen)} figures:\n" + "\n".join(wrong[:40])
    _assert_it_happened(lab, seen, first)


def _compare_with_celery(lab: Lab, pages: Browsed) -> None:
    """While each worker runs one job, and waits for nothing: what Celery's own inspection knows is on the pages."""
    gate = lab.place.directory / "gate"
    run_id = lab.submit("one", "two", "three", until=gate)
    pages.open("/")
    assert until(lambda: pages.figure("cluster.claimed_shards") == "3", 60)
    active, answers = _inspected(lab, "active"), _inspected(lab, "ping")
    assert pages.figure("cluster.claimed_shards") == str(sum(len(tasks) for tasks in active.values()))
    assert pages.figure("cluster.active_workers") == str(len(answers))
    pages.open("/lab/workers")
    names = {one.info.worker_id: one.info.name for one in lab.online()}
    assert set(names.values()) == set(answers)
    for worker_id, name in names.items():
        busy = str(len(active[name]))
        assert until(lambda: pages.figure(f"workers.{worker_id}.busy_slots") == busy, 30), name  # noqa: B023
    gate.touch()
    assert until(lambda: lab.is_over(run_id), 60)


def _states(lab: Lab) -> dict[str, WorkerState]:
    return {one.info.worker_id: one.state for one in lab.ledger.views.workers()}


def _assert_it_happened(lab: Lab, seen: Sequence[_Seen], first: str) -> None:
    """What was done is in the figures, and they changed while it was looked."""

    def values(name: str) -> list[str]:
        return [one.figure.value for one in seen if one.figure.metric == name]

    assert _states(lab)[first] is WorkerState.DRAINING
    assert len(set(values("cluster.jobs_waiting"))) > 1
    assert len(set(values("tasks.counts.passed"))) > 1
    assert (values("cluster.active_workers")[0], values("cluster.active_workers")[-1]) == ("3", "1")
    assert values("cluster.draining_workers")[-1] == "1"
    assert values("cluster.breakers_refusing")[-1] == "1"
