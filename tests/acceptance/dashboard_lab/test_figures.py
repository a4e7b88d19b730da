from collections import Counter
from collections.abc import Callable
from math import inf
from typing import Any

from dtf.bootstrap.ledger import Ledger
from dtf.domain.ports.listing import MOST_ROWS, Question
from dtf.domain.ports.monitor import Moment
from dtf.domain.ports.views import WorkerView
from dtf.domain.worker import WorkerState
from tests.acceptance.dashboard_lab.laboratory import Lab
from tests.acceptance.harness.pages import Browsed, Figure
from tests.acceptance.harness.place import until
from tests.acceptance.harness.watch import Watch

#: A figure was true at most so long before the moment that it names, in seconds.
LATE_S = 2.0

#: What stands behind a metric of a page: all values that it had in a time, in seconds since the epoch.
Plain = Callable[[str, float, float], set[object]]


class History:
    """What the ledger held at each moment, as its records tell afterwards, and as it was watched meanwhile."""

    def __init__(self, ledger: Ledger, watch: Watch) -> None:
        self._watch = watch
        self._jobs = _rows(ledger, "jobs")
        self._attempts = _rows(ledger, "attempts")
        self.changes = sorted(
            {row[name] for row in self._jobs for name in ("created_at", "started_at", "finished_at") if name in row}
            | {row[name] for row in self._attempts for name in ("claimed_at", "recorded_at") if name in row}
        )

    def tasks(self, name: str, begin: float, end: float) -> set[object]:
        """How many jobs were of a status."""
        return {self._tasks(name.removeprefix("counts."), at) for at in self._times(begin, end)}

    def _tasks(self, status: str, at: float) -> int:
        found = Counter(_status(job, at) for job in self._jobs)
        return found.total() - found[""] if status == "total" else found[status]

    def hardware(self, name: str, begin: float, end: float) -> set[object]:
        """How many CPUs there were, or were in use; each worker of this laboratory has one, and one slot."""
        states = [{one.info.worker_id: one.state for one in moment.workers} for moment in self._near(begin, end)]
        there = {sum(state is not WorkerState.OFFLINE for state in one.values()) for one in states}
        busy = [{row["worker_id"] for row in self._attempts if _holds(row, at)} for at in self._times(begin, end)]
        online = [{worker_id for worker_id, state in one.items() if state is WorkerState.ONLINE} for one in states]
        plain: dict[str, set[object]] = {
            "devices": {*there},
            "busy": {len(one) for one in busy},
            "available": {len(free - taken) for free in online for taken in busy},
        }
        return plain[name.removeprefix("types.cpu.")]

    def workers(self, name: str, begin: float, end: float) -> set[object]:
        """What a worker told last, and how many of its attempts had a verdict."""
        worker_id, _, field = name.partition(".")
        if field == "tasks_completed":
            own = [row for row in self._attempts if row["worker_id"] == worker_id]
            return {sum(_has_verdict(row, at) for row in own) for at in self._times(begin, end)}
        views = [one for moment in self._near(begin, end) for one in moment.workers if one.info.worker_id == worker_id]
        return {_told(one, field) for one in views}

    def _times(self, begin: float, end: float) -> list[float]:
        """The moments of a time at which something was other than before."""
        return [begin, *(at for at in self.changes if begin < at <= end)]

    def _near(self, begin: float, end: float) -> list[Moment]:
        """What was watched in a time, and just before and after it: no report of a worker is missing between."""
        return self._watch.around(end, end - begin, 0.0)


def _rows(ledger: Ledger, resource: str) -> list[dict[str, Any]]:
    """All rows of a resource."""
    page = ledger.listing.page(Question(resource=resource, limit=MOST_ROWS))
    rows = [dict(row) for row in page.rows]
    while page.following:
        page = ledger.listing.page(Question(resource=resource, limit=MOST_ROWS, after=page.following))
        rows += [dict(row) for row in page.rows]
    return rows


def _status(job: dict[str, Any], at: float) -> str:
    """Where a job stood; empty: it was not there yet."""
    if job["created_at"] > at:
        return ""
    if job.get("finished_at", inf) <= at:
        return str(job["outcome"])
    return "running" if job.get("started_at", inf) <= at else "waiting"


def _holds(row: dict[str, Any], at: float) -> bool:
    return bool(row["claimed_at"] <= at < row.get("recorded_at", inf))


def _has_verdict(row: dict[str, Any], at: float) -> bool:
    return bool(row.get("recorded_at", inf) <= at and row.get("outcome") not in ("infra", "cancelled", None))


def _told(worker: WorkerView, field: str) -> object:
    load = worker.load
    plain: dict[str, object] = {
        "slots": worker.info.slots,
        "busy_slots": load and load.busy_slots,
        "cpu": load and load.cpu_percent,
        "memory": load and load.memory_percent,
    }
    return plain[field]


#: By page: the topic, and the fields of it that are compared.
_COMPARED: dict[str, tuple[str, ...]] = {
    "tasks": ("total", "counts.waiting", "counts.running", "counts.passed"),
    "workers": ("slots", "tasks_completed", "busy_slots", "cpu", "memory"),
    "hardware": ("types.cpu.devices", "types.cpu.busy", "types.cpu.available"),
}
_PAGES = {"/lab/jobs": "tasks", "/lab/workers": "workers", "/lab/hardware": "hardware"}


def _field(figure: Figure) -> str:
    """Which of the fields that are compared a figure is; empty: none."""
    topic, _, name = figure.metric.partition(".")
    return next((one for one in _COMPARED.get(topic, ()) if name == one or name.endswith(f".{one}")), "")


def test_the_figures_are_the_ledgers(lab: Lab, pages: Browsed) -> None:
    """While jobs run: what stands on the pages is what the ledger held within 2 s before each figure's time."""
    run_id = lab.submit(*(f"short {n}" for n in range(24)), seconds=0.5)
    seen: list[Figure] = []
    with Watch(lab.ledger) as watch:
        for path in [path for _ in range(3) for path in _PAGES]:
            pages.open(path)
            first = pages.page.locator(f"main [data-metric^='{_PAGES[path]}.']").first
            assert until(lambda: first.get_attribute("data-as-of"), 30)  # noqa: B023  # it ends before the next
            for _ in range(4):
                pages.page.wait_for_timeout(400)
                seen += [one for one in pages.figures() if _field(one) and one.as_of >= watch.moments[0].as_of]
        assert until(lambda: lab.is_over(run_id), 120)
    history = History(lab.ledger, watch)
    plain: dict[str, Plain] = {"tasks": history.tasks, "workers": history.workers, "hardware": history.hardware}
    compared: dict[str, set[str]] = {}
    for figure in seen:
        topic, _, name = figure.metric.partition(".")
        values = plain[topic](name, figure.as_of - LATE_S, figure.as_of)
        # a script has one kind of number
        assert (float(figure.value) if figure.value else None) in values, (figure, values)
        compared.setdefault(_field(figure), set()).add(figure.value)
    assert set(compared) == {field for fields in _COMPARED.values() for field in fields}
    assert len(compared["counts.passed"]) > 1, "nothing changed while it was looked"
