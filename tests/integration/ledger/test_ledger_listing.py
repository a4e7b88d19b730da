import base64
import json
from dataclasses import replace

import pytest

from dtf.domain.errors import UnknownRecordError
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.ports.listing import LONGEST_SEARCH, MOST_ROWS, SEARCH, BadQuestionError, Question
from dtf.domain.shard import Artifact
from dtf.domain.specs import RunSpec
from dtf.domain.worker import Device
from dtf.storage.ledger import Ledger
from dtf.storage.ledger.resources import RESOURCES
from tests.integration.ledger.laboratory import Laboratory, cases, command, result, worker


def _all(ledger: Ledger, question: Question) -> list[dict[str, object]]:
    """The rows of all pages, the cursor of each taken from the one before."""
    found: list[dict[str, object]] = []
    while True:
        page = ledger.listing.page(question)
        assert len(page.rows) <= question.limit
        found += [dict(row) for row in page.rows]
        if not page.following:
            return found
        assert len(page.rows) == question.limit
        question = replace(question, after=page.following)


@pytest.fixture
def full(lab: Laboratory) -> Laboratory:
    """A ledger with something of each resource."""
    info = worker()
    device = Device(kind="cpu", name="A CPU", uuid="fingerprint", details={"cores": 2})
    lab.ledger.workers.register(replace(info, devices=(device,)))
    shard_id = lab.plan(3, 2)[-1]
    shard = lab.claim(shard_id)
    artifact = Artifact(name="log.txt", digest="sha256:0", size=3, media_type="text/plain")
    told = result(shard, Outcome.FAILED, cases(shard, CaseOutcome.FAILED))
    lab.record(replace(told, artifacts=(artifact,)))
    jobs = (command("make"), command("Make 50%"), command("a_b", priority=9), command("ünlike"))
    lab.ledger.submissions.submit(RunSpec(jobs=jobs, name="further"))
    return lab


@pytest.mark.parametrize("resource", [*RESOURCES])
def test_pages_hold_each_row_once_in_every_order(full: Laboratory, resource: str) -> None:
    """Page by page, in each order and both directions, every row comes once, and in order."""
    listing = full.ledger.listing
    usual = _all(full.ledger, Question(resource=resource, limit=MOST_ROWS))
    key = [*listing.kinds()[resource].key]
    names = {tuple(row[part] for part in key) for row in usual}
    assert usual
    assert len(names) == len(usual)
    for sort in listing.kinds()[resource].sorts:
        bare = sort.removeprefix("-")
        there, back = (_all(full.ledger, Question(resource=resource, sort=one, limit=1)) for one in (bare, f"-{bare}"))
        assert there == back[::-1]
        assert {tuple(row[part] for part in key) for row in there} == names
        if bare != "ordinal":
            places = [row.get(bare, "") for row in there]
            assert places == sorted(places)  # type: ignore[type-var]


@pytest.mark.parametrize("resource", [*RESOURCES])
def test_each_row_is_found_by_its_name_with_more(full: Laboratory, resource: str) -> None:
    """One that is asked for by its key has all that its row has."""
    kind = full.ledger.listing.kinds()[resource]
    for row in full.ledger.listing.page(Question(resource=resource)).rows:
        one = dict(full.ledger.listing.one(resource, [str(row[part]) for part in kind.key]))
        assert one.pop("as_of")
        assert row.items() <= one.items()
        assert set(one) <= {*kind.fields, *kind.details}


def test_fields_have_the_types_that_are_told(full: Laboratory) -> None:
    """What ``kinds`` tells of a field is what it is."""
    types = {"string": str, "integer": int, "number": float, "boolean": bool, "object": dict, "array": list}
    seen = 0
    for resource, kind in full.ledger.listing.kinds().items():
        for row in full.ledger.listing.page(Question(resource=resource)).rows:
            one = full.ledger.listing.one(resource, [str(row[part]) for part in kind.key])
            for name, told in {**kind.fields, **kind.details}.items():
                if name in one:
                    assert type(one[name]) is types[told], (resource, name)
                    seen += 1
    assert seen > 100


def test_filters_choose_rows(full: Laboratory) -> None:
    """Values with commas between are alternatives; several filters hold together."""

    def count(resource: str, **filters: str) -> int:
        return len(_all(full.ledger, Question(resource=resource, filters=filters)))

    assert count("jobs") == 5
    assert count("jobs", run_id=full.run_id) == 1
    assert count("jobs", state="collecting,running") == 5
    assert count("jobs", state="finished") == 0
    assert count("jobs", kind="command", name="make") == 1
    assert count("cases", run_id=full.run_id) == count("cases", job_id=full.job_ids[0]) == 2
    assert count("cases", run_id=full.run_id, outcome="passed") == 0
    assert count("attempts", job_id=full.job_ids[0], outcome="failed") == 1
    assert count("artifacts", job_id=full.job_ids[0]) == 1
    assert count("devices", kind="cpu", worker_id="w1") == 1


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("MAKE", {"make", "Make 50%"}),
        ("50%", {"Make 50%"}),
        ("%", {"Make 50%"}),
        ("a_b", {"a_b"}),
        ("_", {"a_b"}),
        ("/", set()),
        ("nlik", {"ünlike"}),
        ("", {"make", "Make 50%", "a_b", "ünlike", "suite"}),
    ],
)
def test_search_is_for_a_part_whatever_its_characters(full: Laboratory, part: str, found: set[str]) -> None:
    """Small and capital letters are alike; what means something to LIKE means itself."""
    rows = full.ledger.listing.page(Question(resource="jobs", filters={SEARCH: part})).rows
    assert {row["name"] for row in rows} == found


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("resource", {"resource": "secrets"}),
        ("limit", {"limit": 0}),
        ("limit", {"limit": MOST_ROWS + 1}),
        ("sort", {"sort": "spec"}),
        ("sort", {"sort": "--name"}),
        ("spec", {"filters": {"spec": "x"}}),
        ("state", {"filters": {"state": "asleep"}}),
        ("state", {"filters": {"state": ""}}),
        ("name", {"filters": {"name": "a\0b"}}),
        ("name", {"filters": {"name": "\udcff"}}),
        (SEARCH, {"filters": {SEARCH: "x" * (LONGEST_SEARCH + 1)}}),
        (SEARCH, {"filters": {SEARCH: "\0"}}),
        (SEARCH, {"resource": "shards", "filters": {SEARCH: "x"}}),
        ("after", {"after": "x"}),
        ("after", {"after": "ü"}),
        ("after", {"after": "A" * 5000}),
    ],
)
def test_what_cannot_be_asked_is_told(ledger: Ledger, field: str, asked: dict[str, object]) -> None:
    """A wrong question is refused with the part that is wrong, on both databases alike."""
    with pytest.raises(BadQuestionError) as refused:
        ledger.listing.page(Question(**{"resource": "jobs", **asked}))  # type: ignore[arg-type]
    assert refused.value.field == field


@pytest.mark.parametrize(
    "told",
    [
        7,
        ["created_at 1"],
        ["name 0", "x", "y"],
        ["created_at 0", 1.5, "j"],
        ["created_at 1", "soon", "j"],
        ["created_at 1", True, "j"],
        ["created_at 1", float("nan"), "j"],
        ["created_at 1", 1e300, "j"],
        ["created_at 1", 1.5, "a\0b"],
        ["created_at 1", 1.5, "\ud800"],
        ["created_at 1", 1.5, None],
    ],
)
def test_a_cursor_of_elsewhere_is_refused(ledger: Ledger, told: object) -> None:
    """A cursor of another order or list, or one that was tampered with, is no error of the database's."""
    text = base64.urlsafe_b64encode(json.dumps(told).encode()).decode()
    with pytest.raises(BadQuestionError, match="cursor"):
        ledger.listing.page(Question(resource="jobs", after=text))


@pytest.mark.parametrize(
    ("resource", "key"),
    [
        ("jobs", ["none"]),
        ("jobs", ["a\0b"]),
        ("jobs", []),
        ("jobs", ["a", "b"]),
        ("cases", ["j", "x"]),
        ("cases", ["j", "-1"]),
        ("cases", ["j", "٣"]),
        ("cases", ["j", "9" * 30]),
        ("cases", ["j", str(2**31)]),
        ("workers", ["\udcff"]),
    ],
)
def test_names_of_nothing_are_unknown(ledger: Ledger, resource: str, key: list[str]) -> None:
    """Whatever stands in a name: there is none of it."""
    with pytest.raises(UnknownRecordError):
        ledger.listing.one(resource, key)
