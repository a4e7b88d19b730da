"""Reads everything that a report of a run needs."""

from collections.abc import Iterator, Sequence

from dtf.analysis.lower_bound import lower_bound
from dtf.analysis.reports.record import RunRecord
from dtf.domain.case import CaseResult
from dtf.domain.ports.views import AttemptView, JobView, Views
from dtf.domain.work import JobKind


def gather(views: Views, run_id: str, slots: int = 0) -> RunRecord:
    """The record of a run.

    Args:
        views: The ledger's reading side.
        run_id: The run.
        slots: How many slots there were to use; 0: those that were used.
    """
    run, jobs, attempts = views.run(run_id), views.jobs(run_id), views.attempts(run_id)
    bound = None
    if run.outcome is not None:
        used = len({(attempt.worker_name, attempt.slot) for attempt in attempts})
        bound = lower_bound(_pieces(views, jobs, attempts), slots=max(used, slots)).seconds

    def cases(job_id: str, outcomes: Sequence[str]) -> Iterator[CaseResult]:
        return views.cases(job_id, outcomes)

    return RunRecord(
        run=run,
        jobs=jobs,
        attempts=attempts,
        cases=cases,
        lower_bound_s=bound,
        artifacts=views.artifacts(run_id),
        placed_cases=views.placed_cases,
        metrics=views.metrics(run_id),
    )


def log_tail(views: Views, run_id: str, job_id: str, most_bytes: int) -> bytes:
    """The end of what a job's attempts printed."""
    shards = {shard.shard_id for shard in views.shards(job_id)}
    kept, after = b"", 0
    while pieces := views.log(run_id, after):
        after = pieces[-1][0]
        kept = (kept + b"".join(data for _, shard_id, _, data in pieces if shard_id in shards))[-most_bytes:]
    return kept


def _pieces(views: Views, jobs: Sequence[JobView], attempts: Sequence[AttemptView]) -> Iterator[float]:
    """Seconds of everything that cannot be divided: each case of a suite, every other job's last attempt."""
    for job in jobs:
        if job.spec.kind is not JobKind.PYTEST:
            spent = [a.duration_s for a in attempts if a.job_id == job.job_id and a.duration_s is not None]
            yield from spent[-1:]
        else:
            yield from (case.duration_s for case in views.cases(job.job_id))
