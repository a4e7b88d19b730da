from urllib.parse import quote

import pytest

from dtf.dashboard.rest.series import MOST_POINTS, MOST_SERIES
from tests.integration.ledger.laboratory import Laboratory
from tests.support.dashboard import Served

#: A time long ago, at which steps of every length begin.
BEGIN = 20_000 * 86_400.0


def test_figures_are_told_as_the_ledger_keeps_them(lab: Laboratory, served: Served) -> None:
    """Several series at once, of the last hour where nothing else is said; one that nobody knows has no points."""
    now = lab.ledger.views.now()
    term, name = lab.lead(), "queue/webgpu[browser=firefox]/queued"
    for after, value in enumerate((1.0, 2.0, 9.0)):
        lab.ledger.samples.write(term, BEGIN + 3000 * after, {name: value})
    lab.ledger.samples.write(term, now - 20, {name: 1.0, "jobs/waiting": 1 / 3})
    lab.ledger.samples.write(term, now - 10, {name: 2.0})

    answer = served.ask(f"/api/v1/series?name={quote(name)}&name=jobs/waiting&name=none").value

    first, second = (float(int(at / 10) * 10) for at in (now - 20, now - 10))
    assert answer["series"] == {
        name: {"resolution_s": 10, "points": [[first, 1.0, 1.0, 1.0], [second, 2.0, 2.0, 2.0]]},
        "jobs/waiting": {"resolution_s": 10, "points": [[first, 0.3333, 0.3333, 0.3333]]},
        "none": {"resolution_s": 10, "points": []},
    }
    assert answer["as_of"] >= now
    asked = f"name={quote(name)}&since={BEGIN}&until={BEGIN + 9000}&points=1"
    last = served.ask(f"/api/v1/series?name={quote(name)}&until={BEGIN + 9000}&last=3000").value["series"][name]
    assert last["points"] == [[BEGIN + 6000, 9.0, 9.0, 9.0]]
    earlier = served.ask(f"/api/v1/series?{asked}").value["series"][name]
    assert earlier == {"resolution_s": 9000, "points": [[BEGIN, 4.0, 1.0, 9.0]]}


def test_names_are_told_by_how_they_begin(lab: Laboratory, served: Served) -> None:
    """A page finds the figures of what it shows."""
    lab.ledger.samples.write(lab.lead(), lab.ledger.views.now(), {"worker/a/cpu_percent": 1.0, "jobs/waiting": 2.0})
    assert served.ask("/api/v1/series/names?prefix=worker/").value["names"] == ["worker/a/cpu_percent"]
    assert served.ask("/api/v1/series/names").value["names"] == ["jobs/waiting", "worker/a/cpu_percent"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("", "name"),
        ("&".join(["name=a"] + [f"name={n}" for n in range(MOST_SERIES)]), "name"),
        ("name=a&since=yesterday", "since"),
        ("name=a&since=nan", "since"),
        ("name=a&since=-1", "since"),
        ("name=a&until=1e300", "until"),
        ("name=a&since=5&until=5", "earlier"),
        (f"name=a&points={MOST_POINTS + 1}", "points"),
        ("name=a&points=0", "points"),
        ("name=a&last=long", "last"),
        ("name=a&last=60&since=5", "either"),
        ("&".join(f"name={n}" for n in range(100)) + "&points=601", "fewer"),
        ("name=a&colour=red", "colour"),
        ("name=%FF", "UTF-8"),
        ("name=%00", "NUL"),
        (f"name={'x' * 501}", "characters"),
    ],
)
def test_what_cannot_be_asked_is_one_clear_problem(served: Served, asked: str, told: str) -> None:
    """Status 400 and a sentence that names what is wrong."""
    answer = served.ask(f"/api/v1/series?{asked}")
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert told in answer.value["detail"]
