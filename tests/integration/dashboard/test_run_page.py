from pathlib import Path

from dtf.dashboard.live.eye import Eye
from dtf.dashboard.live.facts.runs import runs
from dtf.storage.ledger import Ledger
from tests.integration.ledger.laboratory import Laboratory, command, result
from tests.support.dashboard import Served, embedded, serving


def _ran(lab: Laboratory) -> str:
    """A run that is over; its id."""
    lab.submit(command())
    lab.record(result(lab.claim()))
    return lab.run_id


def test_a_run_is_told_however_old_it_is(lab: Laboratory, served: Served) -> None:
    """The same as among the newest ones, so that its page need not know how old it is."""
    run_id = _ran(lab)
    told = served.ask(f"/api/monitoring/runs/{run_id}").value
    assert told.pop("as_of") <= lab.ledger.views.now()
    assert told == runs(Eye(served.laboratory).look())[run_id]
    assert (told["outcome"], told["jobs_finished"]) == ("passed", 1)
    assert served.ask("/api/monitoring/runs/none").status == 404


def test_a_run_is_found_by_the_beginning_of_its_id(lab: Laboratory, ledger: Ledger, tmp_path: Path) -> None:
    """And the newest one by ``last``, below a prefix too; what is not there is a 404 that says so."""
    with serving(embedded(tmp_path / "state"), ledger, url_prefix="lab") as served:
        missing = served.ask("/lab/lab/runs/last")
        assert missing.status == 404
        assert b"there is no run yet" in missing.body
        run_id = _ran(lab)
        for name in ("last", run_id[:4]):
            answer = served.ask(f"/lab/lab/runs/{name}")
            assert (answer.status, answer.headers["Location"]) == (302, run_id)
        page = served.ask(f"/lab/lab/runs/{run_id}")
        assert page.status == 200
        assert f'data-run-id="{run_id}"'.encode() in page.body
        hostile = served.ask("/lab/lab/runs/%3Cscript%3E")
        assert hostile.status == 404
        assert b"<script>" not in hostile.body.replace(b"<script ", b"")
        assert b"&lt;script&gt;" in hostile.body


def test_the_trend_comes_from_the_samples_of_the_last_15_minutes(lab: Laboratory, served: Served) -> None:
    """Their mean; where there are none, nothing is told of before."""
    now = lab.ledger.views.now()
    assert Eye(served.laboratory).look().earlier_score is None
    for age_s, score in ((2_000, 10.0), (600, 40.0), (300, 60.0)):
        lab.ledger.samples.write(lab.lead(), now - age_s, {"health/score": score, "other": 1.0})
    assert Eye(served.laboratory).look().earlier_score == 50.0
