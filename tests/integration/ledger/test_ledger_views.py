import math
from dataclasses import replace

import pytest

from dtf.domain.errors import UnknownRecordError
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.proof import INJECTED
from dtf.domain.shard import Metric, Requeue
from dtf.domain.worker import Device, DeviceState
from dtf.storage.durations import LedgerDurations
from dtf.storage.ledger import Ledger
from tests.integration.ledger.laboratory import Laboratory, cases, command, result, worker


@pytest.mark.parametrize("name", ["last", "r0", "zzz", "", "'; --", "%", "_", "a\0b", "\udcff"])
def test_unknown_names_are_refused(ledger: Ledger, name: str) -> None:
    """A name that means nothing is an error of the user's, whatever characters it has."""
    with pytest.raises(UnknownRecordError):
        ledger.views.resolve_run(name)
    with pytest.raises(UnknownRecordError):
        ledger.views.resolve_job(name)


def test_ambiguous_prefix_is_refused(lab: Laboratory) -> None:
    """A prefix that two have is not guessed."""
    lab.submit(command("a"), command("b"))
    with pytest.raises(UnknownRecordError, match="more than one job"):
        lab.ledger.views.resolve_job("j")
    assert lab.ledger.views.resolve_job(lab.job_ids[0]) == lab.job_ids[0]


def test_missing_records_are_named(ledger: Ledger) -> None:
    """A run or job that is not there is an error, an empty list is not."""
    for read in (ledger.views.run, ledger.views.job, ledger.views.audit):
        with pytest.raises(UnknownRecordError):
            read("rnone")
    assert [*ledger.views.runs(), *ledger.views.jobs("x"), *ledger.views.cases("x"), *ledger.views.log("x")] == []
    assert ledger.views.leader().holder == ""


def test_active_runs_and_order(lab: Laboratory) -> None:
    """The newest run comes first; finished ones are left out when asked."""
    ids = []
    for _ in range(3):
        lab.submit(command())
        ids.append(lab.run_id)
    lab.ledger.submissions.cancel_run(ids[1], "no")
    assert [view.run_id for view in lab.ledger.views.runs()] == ids[::-1]
    assert [view.run_id for view in lab.ledger.views.runs(limit=1)] == [ids[2]]
    assert [view.run_id for view in lab.ledger.views.runs(active_only=True)] == [ids[2], ids[0]]


def test_cases_come_in_manifest_order_over_pages(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases of several shards come in one order, page by page, filtered by outcome."""
    monkeypatch.setattr("dtf.storage.ledger.views._PAGE", 3)
    ids = lab.plan(5, 5)
    for shard_id, outcome in ((ids[1], CaseOutcome.FAILED), (ids[0], CaseOutcome.SKIPPED)):
        shard = lab.claim(shard_id)
        lab.record(result(shard, Outcome.PASSED, cases(shard, outcome)))
    assert [case.ordinal for case in lab.ledger.views.cases(lab.job_ids[0])] == list(range(10))
    failed = list(lab.ledger.views.cases(lab.job_ids[0], ["failed", "error"]))
    assert [case.ordinal for case in failed] == [5, 6, 7, 8, 9]


def test_properties_come_back_with_the_case_and_its_attempt(lab: Laboratory) -> None:
    """What a test recorded is read with its case; the placed case says which attempt gave it."""
    (first,) = lab.plan(2)
    shard = lab.claim(first)
    half = [replace(case, properties={"operator": "<Add>\0"}, details="long") for case in cases(shard, first=1)]
    lab.record(result(shard, Outcome.INFRA, half), Requeue())
    shard = lab.claim(first)
    lab.record(result(shard, Outcome.PASSED, cases(shard)))
    views, job_id = lab.ledger.views, lab.job_ids[0]
    assert [case.properties for case in views.cases(job_id)] == [{"operator": "<Add>␀"}, {}]
    placed = list(views.placed_cases(job_id))
    assert [(shard_id, attempt, case.ordinal) for shard_id, attempt, case in placed] == [(first, 1, 0), (first, 2, 1)]
    assert [(case.properties, case.details) for _, _, case in placed] == [({"operator": "<Add>␀"}, ""), ({}, "")]


def test_metrics_are_those_of_accepted_attempts(lab: Laboratory) -> None:
    """What a superseded or repeated attempt measured does not count; what is not finite is what it was."""
    lab.submit(command("a"), command("b"))
    shard = lab.claim()
    lab.record(replace(result(shard, Outcome.INFRA), metrics=(Metric(name="load", value=9.0, unit="s"),)), Requeue())
    assert lab.ledger.views.metrics(lab.run_id) == []
    shard = lab.claim(shard.shard_id)
    measured = (Metric(name="load", value=1.5, unit="s"), Metric(name="error", value=math.inf, unit=""))
    lab.record(replace(result(shard), metrics=measured))
    assert lab.ledger.views.metrics(lab.run_id) == [(shard.shard_id, shard.job_id, 2, metric) for metric in measured]
    assert lab.ledger.views.metrics("rnone") == []


def test_worker_comes_back_as_it_registered(lab: Laboratory) -> None:
    """A worker registered again replaces itself and its devices; odd names are marked, not refused."""
    device = Device(
        kind="cuda", name="H\0", uuid="GPU-1", state=DeviceState.FAILED, reason="no", details={"bytes": 5, "ok": True}
    )
    lab.ledger.workers.register(worker())
    lab.ledger.workers.register(replace(worker(), devices=(device, device), tags=("a", "b")))
    (view,) = lab.ledger.views.workers()
    assert view.info == replace(worker(), devices=(replace(device, name="H␀"),) * 2, tags=("a", "b"))
    assert (view.load, view.took_work_at) == (None, None)
    lab.submit(command())
    lab.claim()
    assert lab.ledger.views.workers()[0].took_work_at is not None
    assert lab.ledger.views.attempts(lab.run_id)[0].worker_name == "dtf@w1"


def test_durations_of_tests_that_met_a_failure_on_purpose_are_left_out(lab: Laboratory) -> None:
    """They say nothing about how long the tests take."""
    for seconds, proof in ((1.0, {}), (50.0, {INJECTED: "timeout mild"})):
        lab.plan(2)
        shard = lab.claim()
        timed = [replace(case, duration_s=seconds) for case in cases(shard)]
        lab.record(replace(result(shard, cases=timed), proof=proof))
    nodeids = [f"test_a.py::test_{n}" for n in range(2)]
    assert LedgerDurations(lab.ledger).predict("suite", "cpu", nodeids) == {nodeids[0]: 1.0, nodeids[1]: 1.0}


def test_durations_are_means_over_earlier_jobs(lab: Laboratory) -> None:
    """A test's prediction is the mean of what it took in earlier jobs of this name and hardware, infra left out."""
    for seconds in (1.0, 3.0):
        lab.plan(3)
        shard = lab.claim()
        timed = [replace(case, duration_s=seconds) for case in cases(shard, first=2)]
        lab.record(result(shard, Outcome.INFRA, timed))
    durations = LedgerDurations(lab.ledger)
    nodeids = [f"test_a.py::test_{n}" for n in range(4)]
    assert durations.predict("suite", "cpu", nodeids) == {nodeids[0]: 2.0, nodeids[1]: 2.0}
    assert durations.predict("suite", "cuda", nodeids) == {}
    assert durations.predict("other\0", "cpu", nodeids) == {}
