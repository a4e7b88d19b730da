"""JUnit XML, in the form that pytest writes and CI servers read."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from dtf.analysis.reports.record import RunRecord, command_outcome
from dtf.analysis.reports.standings import standings, where
from dtf.analysis.reports.xml_text import attribute, content
from dtf.analysis.standing import standing_line
from dtf.domain.case import CaseResult
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.ports.views import JobView

#: The element and its type for each outcome that is not a plain pass.
_ELEMENTS = {
    CaseOutcome.FAILED: ("failure", "failed"),
    CaseOutcome.TIMEOUT: ("failure", "timeout"),
    CaseOutcome.ERROR: ("error", "error"),
    CaseOutcome.INFRA: ("error", "infra"),
    CaseOutcome.SKIPPED: ("skipped", "pytest.skip"),
    CaseOutcome.XFAILED: ("skipped", "pytest.xfail"),
}

#: Verdicts on a job as a whole that are told as one case, when it has none of its own.
_OF_JOB = {
    Outcome.FAILED: CaseOutcome.FAILED,
    Outcome.TIMEOUT: CaseOutcome.TIMEOUT,
    Outcome.ERROR: CaseOutcome.ERROR,
    Outcome.INFRA: CaseOutcome.INFRA,
    Outcome.CANCELLED: CaseOutcome.SKIPPED,
    Outcome.SKIPPED: CaseOutcome.SKIPPED,
    Outcome.PASSED: CaseOutcome.PASSED,
}


def junit(record: RunRecord) -> Iterator[str]:
    """The report in pieces; joined they are one XML document."""
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    yield f"<testsuites name={attribute(record.run.name or record.run.run_id)}>\n"
    for job in record.jobs:
        yield from _suite(record, job)
    yield "</testsuites>\n"


def address(nodeid: str) -> tuple[str, str]:
    """A node id as pytest's JUnit report gives it: class name and name.

    ``tests/test_a.py::TestX::test_y[a/b]`` is ``tests.test_a.TestX`` and ``test_y[a/b]``.
    """
    path, bracket, parameters = nodeid.partition("[")
    names = path.split("::")
    names[0] = names[0].replace("/", ".").removesuffix(".py")
    return ".".join(names[:-1]), names[-1] + bracket + parameters


def _suite(record: RunRecord, job: JobView) -> Iterator[str]:
    whole = _whole(job)
    tally: Mapping[str, int] = {str(whole.outcome): 1} if whole else job.cases
    facts = {
        "name": job.spec.name,
        "tests": sum(tally.values()),
        "failures": _sum(tally, CaseOutcome.FAILED, CaseOutcome.TIMEOUT),
        "errors": _sum(tally, CaseOutcome.ERROR, CaseOutcome.INFRA),
        "skipped": _sum(tally, CaseOutcome.SKIPPED, CaseOutcome.XFAILED),
        "time": f"{(job.finished_at or job.created_at) - (job.started_at or job.created_at):.3f}",
        "timestamp": datetime.fromtimestamp(job.created_at, UTC).isoformat(timespec="seconds"),
        "hostname": _hosts(record, job),
    }
    yield "<testsuite" + "".join(f" {key}={attribute(str(value))}" for key, value in facts.items()) + ">\n"
    yield from _properties(record, job)
    for case in [whole] if whole else record.cases(job.job_id, ()):
        yield from _case(case)
    yield "</testsuite>\n"


def _sum(tally: Mapping[str, int], *outcomes: CaseOutcome) -> int:
    return sum(tally.get(str(outcome), 0) for outcome in outcomes)


def _hosts(record: RunRecord, job: JobView) -> str:
    return ",".join(sorted({a.proof.get("host", "") for a in record.attempts if a.job_id == job.job_id} - {""}))


def _whole(job: JobView) -> CaseResult | None:
    """A job without cases as one case: a command, or a suite that could not be collected."""
    outcome = _OF_JOB.get(job.outcome) if job.outcome else None
    if any(job.cases.values()) or outcome is None or (outcome is CaseOutcome.PASSED and not command_outcome(job)):
        return None
    spent = (job.finished_at or job.created_at) - (job.started_at or job.created_at)
    name = f"{job.spec.kind}::{job.spec.name}"
    return CaseResult(ordinal=0, nodeid=name, outcome=outcome, duration_s=spent, message=job.reason)


def _properties(record: RunRecord, job: JobView) -> Iterator[str]:
    ran = {"device": where(record, job), "standing": standing_line(standings(replace(record, jobs=[job])))}
    facts = {"run": record.run.run_id, "job": job.job_id, "hardware": job.spec.hardware, **_filled(ran)}
    yield from _property_list({**facts, **record.run.labels})


def _filled(facts: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in facts.items() if value}


def _property_list(facts: Mapping[str, str]) -> Iterator[str]:
    yield "<properties>\n"
    for name, value in facts.items():
        yield f"<property name={attribute(name)} value={attribute(str(value))}/>\n"
    yield "</properties>\n"


def _case(case: CaseResult) -> Iterator[str]:
    classname, name = address(case.nodeid)
    yield f'<testcase classname={attribute(classname)} name={attribute(name)} time="{case.duration_s:.3f}">'
    if case.properties:
        yield from _property_list(case.properties)
    if case.outcome in _ELEMENTS:
        element, kind = _ELEMENTS[case.outcome]
        head = f"<{element} type={attribute(kind)} message={attribute(case.message)}"
        yield f"{head}>{content(case.details)}</{element}>" if case.details else f"{head}/>"
    if case.output:
        yield f"<system-out>{content(case.output)}</system-out>"
    yield "</testcase>\n"
