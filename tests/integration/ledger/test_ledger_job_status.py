from dtf.domain.outcome import Outcome
from dtf.domain.ports.listing import Question
from tests.integration.ledger.laboratory import Laboratory, command, result


def _names(lab: Laboratory, status: str) -> set[str]:
    question = Question(resource="jobs", filters={"status": status})
    rows = lab.ledger.listing.page(question).rows
    assert all(row["status"] in status.split(",") for row in rows)
    return {row["name"] for row in rows}


def test_jobs_can_be_had_by_where_they_stand(lab: Laboratory) -> None:
    """Waiting, running, or with a verdict; each job is in one of them, and the moment counts as many of each."""
    lab.submit(command("over", priority=9), command("now", priority=8), command("later", priority=1))
    assert lab.record(result(lab.claim(), Outcome.FAILED))
    lab.claim()
    assert _names(lab, "failed") == {"over"}
    assert _names(lab, "running") == {"now"}
    assert _names(lab, "waiting") == {"later"}
    assert _names(lab, "waiting,failed,passed") == {"over", "later"}
    totals = lab.ledger.monitor.moment().totals
    assert (totals.jobs_waiting, totals.jobs_running, totals.jobs) == (1, 1, {"failed": 1})
