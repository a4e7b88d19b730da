"""From a run's jobs, attempts and cases to the results that the matrix is made of."""

from collections.abc import Iterator, Mapping, Sequence

from dtf.analysis.matrix.column import column_of
from dtf.analysis.matrix.entry import Entry
from dtf.analysis.matrix.facts import RunFacts
from dtf.analysis.matrix.measures import measures_of
from dtf.analysis.matrix.verdict import ERROR, TOLERANCE, Verdict, exceeds, number, of_case
from dtf.analysis.standing import standing
from dtf.domain.case import CaseResult
from dtf.domain.outcome import Outcome
from dtf.domain.ports.views import AttemptView, JobView
from dtf.domain.proof import DEGRADED, Standing
from dtf.domain.shard import Metric
from dtf.domain.work import BenchmarkWork, BrowserCheck, BrowserWork

#: The properties by which a test names its row, the first that it has.
ROW_PROPERTIES = ("operator", "row")

#: The precision that is not named, and the only one in browsers.
_PLAIN = "fp32"

#: What a whole job's outcome says where it has no measurements.
_OF_JOB = {
    Outcome.PASSED: Verdict.SUPPORTED,
    Outcome.SKIPPED: Verdict.UNSUPPORTED,
    Outcome.FAILED: Verdict.FAILED,
    Outcome.ERROR: Verdict.FAILED,
    Outcome.TIMEOUT: Verdict.FAILED,
}

#: How the reason of a benchmark begins that ended because the hardware cannot do the model in that precision.
_UNSUPPORTED = "unsupported:"

_Attempts = Mapping[tuple[str, int], AttemptView]


def entries_of(facts: RunFacts) -> Iterator[Entry]:
    """The results of a run, those of each job in its own order; none of jobs that were broken on purpose."""
    attempts = {(attempt.shard_id, attempt.attempt): attempt for attempt in facts.attempts}
    last = {attempt.job_id: attempt for attempt in facts.attempts}
    metrics: dict[str, list[Metric]] = {}
    for _, job_id, _, metric in facts.metrics:
        metrics.setdefault(job_id, []).append(metric)
    for job in facts.jobs:
        if job.spec.inject is not None:
            continue
        if any(job.cases.values()):
            yield from _of_cases(facts, job, attempts)
        else:
            yield from _of_whole(job, last.get(job.job_id), metrics.get(job.job_id, ()))


def _of_cases(facts: RunFacts, job: JobView, attempts: _Attempts) -> Iterator[Entry]:
    for shard_id, number_of, case in facts.cases(job.job_id):
        attempt = attempts.get((shard_id, number_of))
        proof = attempt.proof if attempt else {}
        stands = standing(job.spec.hardware, proof, case.properties)
        verdict = of_case(case, stands)
        yield Entry(
            run_id=job.run_id,
            job=job.spec.name,
            row=_row_of_case(case),
            name=case.nodeid,
            column=column_of(job.spec, attempt),
            verdict=verdict,
            standing=stands,
            seconds=case.duration_s,
            error=number(case.properties, ERROR),
            tolerance=number(case.properties, TOLERANCE),
            reason="" if verdict is Verdict.SUPPORTED else _instead(verdict, proof) or case.message,
        )


def _row_of_case(case: CaseResult) -> str:
    named = (case.properties.get(name, "").strip() for name in ROW_PROPERTIES)
    return next(filter(None, named), case.nodeid.partition("::")[0])


def _of_whole(job: JobView, last: AttemptView | None, metrics: Sequence[Metric]) -> Iterator[Entry]:
    """The results of a job without cases: a model's measurements, a check in a browser, a command, a broken suite."""
    verdict, stands = _verdict(job, last)
    for name, measures in measures_of(metrics, _planned(job)).items():
        wrong = verdict is Verdict.FAILED and exceeds(measures.error, measures.tolerance)
        yield Entry(
            run_id=job.run_id,
            job=job.spec.name,
            row=row_of_job(job),
            name=name,
            column=column_of(job.spec, last),
            verdict=Verdict.WRONG if wrong else verdict,
            standing=stands,
            seconds=measures.seconds,
            error=measures.error,
            tolerance=measures.tolerance,
            reason="" if verdict is Verdict.SUPPORTED else _instead(verdict, last.proof if last else {}) or job.reason,
        )


def _instead(verdict: Verdict, proof: Mapping[str, str]) -> str:
    """Why a result that passed shows nothing of the hardware; empty for other verdicts."""
    if verdict is not Verdict.DEGRADED:
        return ""
    return f"ran on fallback hardware ({proof.get(DEGRADED, '')}), as the breakers of its own were open"


def _verdict(job: JobView, last: AttemptView | None) -> tuple[Verdict, Standing]:
    stands = standing(job.spec.hardware, last.proof if last else {})
    if stands is Standing.ELSEWHERE:
        return Verdict.ELSEWHERE, stands
    if last is None and job.outcome is Outcome.TIMEOUT:
        return Verdict.NOT_RUN, stands  # the run's time was up before it began
    if (
        isinstance(job.spec.work, BenchmarkWork)
        and job.outcome is Outcome.ERROR
        and job.reason.startswith(_UNSUPPORTED)
    ):
        return Verdict.UNSUPPORTED, stands
    verdict = _OF_JOB.get(job.outcome, Verdict.NOT_RUN) if job.outcome else Verdict.NOT_RUN
    if verdict is Verdict.SUPPORTED and stands is Standing.DEGRADED:
        return Verdict.DEGRADED, stands
    return verdict, stands


def _planned(job: JobView) -> tuple[str, ...]:
    """What a job was to measure: a model's batch sizes, of others one thing without a name.

    A job that ended before its figures is compared by these names with one that has them.
    """
    work = job.spec.work
    if isinstance(work, BenchmarkWork):
        return tuple(f"batch={size}" for size in work.batch_sizes) or ("",)
    if not isinstance(work, BrowserWork) or work.check is not BrowserCheck.MODEL:
        return ("",)
    sizes = [word.removeprefix("batch=") for word in work.args if word.startswith("batch=")]
    return (f"batch={int(sizes[-1]) if sizes and sizes[-1].isdecimal() else 1}",)


def row_of_job(job: JobView) -> str:
    """The model of a job, with its precision where that is not ``fp32``; of other jobs their target or name."""
    work = job.spec.work
    if isinstance(work, BenchmarkWork):
        return work.model if work.precision == _PLAIN else f"{work.model} {work.precision}"
    if isinstance(work, BrowserWork):
        return "WGSL check" if work.check is BrowserCheck.WGSL else work.target
    return job.spec.name
