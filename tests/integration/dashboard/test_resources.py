import pytest

from dtf.domain.outcome import Outcome
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import CommandWork, JobSpec, RunSpec
from tests.integration.ledger.laboratory import Laboratory, cases, command, result, worker
from tests.support.dashboard import Served


def test_a_list_goes_on_where_its_cursor_says(lab: Laboratory, served: Served) -> None:
    """Pages follow each other until one has no ``next``; each says as of when it is."""
    lab.submit(*(command(f"job {number}") for number in range(5)))
    names, path = [], "/api/v1/jobs?sort=name&limit=2"
    after = ""
    while True:
        page = served.ask(f"{path}{after}").value
        assert page["as_of"] > 0
        names += [row["name"] for row in page["items"]]
        if "next" not in page:
            break
        after = f"&after={page['next']}"
    assert names == [f"job {number}" for number in range(5)]


def test_filters_are_as_the_ledger_has_them(lab: Laboratory, served: Served) -> None:
    """Values with commas, a search with what a URL has to escape."""
    lab.submit(command("50% done"), command("other"))
    found = served.ask("/api/v1/jobs?search=50%25&state=running,planning").value["items"]
    assert [row["name"] for row in found] == ["50% done"]
    assert found[0]["cases_passed"] == 0
    assert "outcome" not in found[0]


def test_one_case_has_its_output(lab: Laboratory, served: Served) -> None:
    """A case is named by its job and its place; its details are told of it alone."""
    shard = lab.claim(lab.plan(2)[0])
    lab.record(result(shard, Outcome.PASSED, cases(shard)))
    job_id = lab.job_ids[0]
    listed = served.ask(f"/api/v1/cases?job_id={job_id}").value["items"]
    assert [row["ordinal"] for row in listed] == [0, 1]
    one = served.ask(f"/api/v1/cases/{job_id}/1").value
    assert one["nodeid"] == "test_a.py::test_1"
    assert one["run_id"] == lab.run_id
    assert {"crashes", "as_of"} <= set(one)


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/api/v1/jobs?state=asleep", 400, "state"),
        ("/api/v1/jobs?colour=red", 400, "colour"),
        ("/api/v1/jobs?limit=many", 400, "limit"),
        ("/api/v1/jobs?limit=501", 400, "rows"),
        ("/api/v1/jobs?sort=spec", 400, "order"),
        ("/api/v1/jobs?after=x", 400, "cursor"),
        ("/api/v1/jobs?name=%FF", 400, "UTF-8"),
        ("/api/v1/jobs?name=%00", 400, "character"),
        ("/api/v1/jobs?name=a&name=b", 400, "more than once"),
        ("/api/v1/jobs/none", 404, "jobs"),
        ("/api/v1/jobs/a%00b", 404, "jobs"),
        ("/api/v1/cases/j/x", 404, "cases"),
        ("/api/v1/secrets", 404, "secrets"),
        ("/api/v1/jobs/a/b/c/d", 404, "nothing"),
        ("/api/v1", 404, "nothing"),
        ("/api/v1/breakers?state=ajar", 400, "state"),
        ("/api/v1/breakers?sort=bad", 400, "order"),
        ("/api/v1/breakers/cuda/GPU-1", 404, "no cluster"),
    ],
)
def test_what_cannot_be_answered_is_a_problem(served: Served, path: str, status: int, told: str) -> None:
    """Errors are RFC 9457's problems, with the status that fits and words that tell what is wrong."""
    answer = served.ask(path)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.value["status"] == status
    assert told in answer.value["detail"]


def test_secrets_of_a_job_are_not_told(lab: Laboratory, served: Served) -> None:
    """Of a job's variables only the names, and of a repository's URL no password."""
    work = CommandWork(argv=("true",), environment={"TOKEN": "geheim"})
    source = Source(kind=SourceKind.GIT, location="https://me:geheim@host/repository", revision="0" * 40)
    told = lab.ledger.submissions.submit(RunSpec(jobs=(JobSpec(name="j", work=work, source=source),)))
    answer = served.ask(f"/api/v1/jobs/{told.job_ids[0]}")
    assert b"geheim" not in answer.body
    assert answer.value["spec"]["work"]["environment"] == {"TOKEN": "***"}
    assert answer.value["spec"]["source"]["location"] == "https://me:***@host/repository"


def test_without_a_cluster_breakers_are_not_known(lab: Laboratory, served: Served) -> None:
    """There is no store to look into, and the list says so."""
    lab.ledger.workers.register(worker())
    answer = served.ask("/api/v1/breakers").value
    assert answer["items"] == []
    assert "no cluster" in answer["unknown"]
