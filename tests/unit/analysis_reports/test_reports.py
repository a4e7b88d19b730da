import json
import math
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from dtf.analysis.reports.json_report import json_report
from dtf.analysis.reports.junit import address, junit
from dtf.analysis.reports.markdown import markdown
from dtf.analysis.reports.record import RunRecord, counts, summary
from dtf.analysis.reports.standings import standings
from dtf.domain.case import CaseResult
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.ports.views import AttemptView, JobView, RunView
from dtf.domain.proof import Standing
from dtf.domain.shard import JobState, Metric
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import CommandWork, JobSpec, PytestWork, Work

HOSTILE = "\x00\x1b[31m<&>\"'\ud800\ufffe\uffff]]>\u202e\r\n\t\U0001f600"


def job(job_id: str, work: Work, outcome: Outcome, cases: dict[str, int], reason: str = "") -> JobView:
    """A finished job with a hostile name."""
    source = Source(kind=SourceKind.PATH, location="/x")
    return JobView(
        job_id=job_id,
        run_id="r1",
        spec=JobSpec(name=f"job {HOSTILE}", work=work, source=source),
        state=JobState.FINISHED,
        outcome=outcome,
        reason=reason,
        created_at=100.0,
        started_at=101.0,
        finished_at=103.5,
        shards={"finished": 1},
        cases={str(name): 0 for name in CaseOutcome} | cases,
        expected=sum(cases.values()),
    )


def record(jobs: Sequence[JobView], cases: dict[str, list[CaseResult]]) -> RunRecord:
    """A finished run of these jobs."""

    def read(job_id: str, outcomes: Sequence[str]) -> Iterable[CaseResult]:
        return [case for case in cases.get(job_id, []) if not outcomes or case.outcome in outcomes]

    total: dict[str, int] = {}
    for one in jobs:
        for name, count in one.cases.items():
            total[name] = total.get(name, 0) + count
    run = RunView(
        run_id="r1",
        name=f"run {HOSTILE}",
        created_at=100.0,
        started_at=101.0,
        finished_at=104.0,
        outcome=Outcome.FAILED,
        reason="",
        labels={"branch": HOSTILE},
        jobs=len(jobs),
        jobs_finished=len(jobs),
        attempts=len(jobs),
        cases=total,
        expected=sum(total.values()),
        running=0,
        running_failed=0,
        shards={},
    )
    return RunRecord(run=run, jobs=jobs, attempts=(), cases=read, lower_bound_s=2.0)


def every_outcome() -> RunRecord:
    """A run with one hostile case of each outcome."""
    cases = [
        CaseResult(
            ordinal=n,
            nodeid=f"t/test_a.py::test_{outcome}[{HOSTILE}]",
            outcome=outcome,
            duration_s=0.5,
            message=HOSTILE,
            details=HOSTILE + "```",
            output=HOSTILE,
        )
        for n, outcome in enumerate(CaseOutcome)
    ]
    tally = {str(outcome): 1 for outcome in CaseOutcome}
    return record([job("j1", PytestWork(), Outcome.FAILED, tally)], {"j1": cases})


def test_junit_is_valid_xml_for_any_content_and_counts_right() -> None:
    """Control characters, half surrogates, markup and CDATA ends cannot break the document."""
    root = ET.fromstring("".join(junit(every_outcome())).encode())  # noqa: S314  # rendered by this test
    suite = root.find("testsuite")
    assert suite is not None
    figures = {key: suite.attrib[key] for key in ("tests", "failures", "errors", "skipped")}
    assert figures == {"tests": "8", "failures": "2", "errors": "2", "skipped": "2"}
    assert len(suite.findall("testcase")) == 8
    kinds = {child.attrib["type"] for child in suite.iter() if child.tag in ("failure", "error", "skipped")}
    assert kinds == {"failed", "timeout", "error", "infra", "pytest.skip", "pytest.xfail"}
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert "#x00#x1B[31m<&>" in (failure.text or "")
    assert failure.attrib["message"].endswith("\r\n\t\U0001f600")


@pytest.mark.parametrize(
    ("nodeid", "classname", "name"),
    [
        ("tests/test_a.py::test_x", "tests.test_a", "test_x"),
        ("tests/test_a.py::TestX::test_y[a/b.py::c]", "tests.test_a.TestX", "test_y[a/b.py::c]"),
        ("test_a.py", "", "test_a"),
    ],
)
def test_addresses_are_those_of_pytest(nodeid: str, classname: str, name: str) -> None:
    """CI servers match tests over runs by class name and name."""
    assert address(nodeid) == (classname, name)


def test_a_command_and_a_broken_suite_are_one_case_each() -> None:
    """A job without cases is not missing from the report."""
    jobs = [
        job("j1", CommandWork(argv=("false",)), Outcome.FAILED, {}, "exit status 1"),
        job("j2", CommandWork(argv=("true",)), Outcome.PASSED, {}),
        job("j3", PytestWork(), Outcome.ERROR, {}, "cannot be collected"),
        job("j4", PytestWork(), Outcome.EMPTY, {}),
    ]
    found = record(jobs, {})
    root = ET.fromstring("".join(junit(found)).encode())  # noqa: S314  # rendered by this test
    assert [s.attrib["tests"] for s in root.findall("testsuite")] == ["1", "1", "1", "0"]
    assert [s.attrib["failures"] for s in root.findall("testsuite")] == ["1", "0", "0", "0"]
    assert [s.attrib["errors"] for s in root.findall("testsuite")] == ["0", "0", "1", "0"]
    assert counts(found)["failed"] == 1
    assert counts(found)["passed"] == 1


def test_the_json_report_is_json_with_every_case() -> None:
    """It is read back with everything in it."""
    data = json.loads("".join(json_report(every_outcome())))
    assert (data["makespan_s"], data["took_s"]) == (3.0, 4.0)
    assert data["lower_bound_s"] == 2.0
    assert len(data["job_list"][0]["case_list"]) == 8
    assert data["job_list"][0]["case_list"][0]["message"] == HOSTILE


def test_the_summary_has_what_the_command_promises() -> None:
    """The keys of dtf run --json are there, the six counts always."""
    data = summary(record([], {}))
    assert {"run_id", "outcome", "counts", "jobs", "attempts", "makespan_s", "lower_bound_s"} <= set(data)
    assert data["counts"] == dict.fromkeys(("passed", "failed", "skipped", "error", "xfailed", "xpassed"), 0)


def test_markdown_lets_no_content_act() -> None:
    """Names are text, and a failure cannot end its own code block."""
    text = "".join(markdown(every_outcome()))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "<&>" not in text.split("## Failures")[0]
    assert "\n``````\n" in text


def test_reports_tell_where_it_ran_and_what_tests_recorded() -> None:
    """Properties are in JUnit and JSON, devices with their marks in all three; what is proven is not spoken of."""
    recorded = {"operator": HOSTILE, "largest_error": "0.5"}
    cases = [CaseResult(ordinal=0, nodeid="a.py::t", outcome=CaseOutcome.PASSED, properties=recorded)]
    jobs = [
        replace(one, spec=replace(one.spec, hardware=hardware))
        for one, hardware in (
            (job("j1", PytestWork(), Outcome.PASSED, {"passed": 1}), "cuda"),
            (job("j2", PytestWork(), Outcome.PASSED, {"passed": 1}), "cpu"),
        )
    ]
    proof = {"device_name": "H200", "simulated": "yes"}
    attempt = AttemptView(
        shard_id="s1",
        job_id="j1",
        attempt=1,
        worker_id="w",
        worker_name="w",
        slot=0,
        outcome=Outcome.PASSED,
        reason="",
        started_at=1.0,
        duration_s=1.0,
        cpu_s=1.0,
        exit_code=0,
        signal=None,
        proof=proof,
    )
    found = replace(
        record(jobs, {"j1": cases, "j2": cases}),
        attempts=[attempt],
        placed_cases=lambda _: [("s1", 1, cases[0])],
        metrics=[("s1", "j1", 1, Metric(name="error", value=math.inf, unit=""))],
    )
    assert standings(found) == {Standing.SIMULATED: {"cuda": 1}, Standing.PROVEN: {"cpu": 1}}
    root = ET.fromstring("".join(junit(found)).encode())  # noqa: S314  # rendered by this test
    (suite, other) = root.findall("testsuite")
    told = {one.attrib["name"]: one.attrib["value"] for one in suite.findall("properties/property")}
    assert told["device"] == "H200 (simulated)"
    assert "simulated" in told["standing"]
    assert "standing" not in {one.attrib["name"] for one in other.findall("properties/property")}
    names = [one.attrib["name"] for one in suite.findall("testcase/properties/property")]
    assert names == ["operator", "largest_error"]
    data = json.loads("".join(json_report(found)))
    assert data["standings"] == {"simulated": {"cuda": 1}, "proven": {"cpu": 1}}
    assert data["attempt_list"][0]["standing"] == "simulated"
    assert data["metric_list"][0]["value"] == "inf"
    assert data["job_list"][0]["case_list"][0]["properties"] == recorded
    text = "".join(markdown(found))
    assert "H200 \\(simulated\\)" in text
    assert "on simulated devices" in text


def test_skipped_tests_stand_for_nothing() -> None:
    """A skip claims nothing about the hardware; what ran there without proof does."""
    cases = [
        CaseResult(ordinal=n, nodeid=f"a.py::t{n}", outcome=outcome)
        for n, outcome in enumerate((CaseOutcome.SKIPPED, CaseOutcome.INFRA, CaseOutcome.FAILED))
    ]
    one = job("j1", PytestWork(), Outcome.FAILED, {"failed": 1, "skipped": 1, "infra": 1})
    one = replace(one, spec=replace(one.spec, hardware="rocm"))
    found = replace(record([one], {"j1": cases}), placed_cases=lambda _: [("s1", 1, case) for case in cases])
    assert standings(found) == {Standing.NOT_PROVEN: {"rocm": 1}}
