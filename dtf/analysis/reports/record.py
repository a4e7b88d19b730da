"""Everything that a report of a run is made of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dtf.domain.case import CaseResult
from dtf.domain.ports.views import AttemptView, JobView, RunView
from dtf.domain.shard import Artifact, Metric
from dtf.domain.work import JobKind

#: Outcomes of cases that make a run fail.
BAD = ("failed", "error", "timeout", "infra")

#: The counts that every summary has, in the order in which they are shown.
COUNTED = ("passed", "failed", "skipped", "error", "xfailed", "xpassed")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run as it is reported.

    Attributes:
        run: The run.
        jobs: Its jobs in the order of submission.
        attempts: Its attempts in the order in which they began.
        cases: Gives a job's accepted cases in manifest order, only of these outcomes if any are named.
        lower_bound_s: The shortest makespan that its work allowed, in seconds; None: not known.
        artifacts: What its attempts left, as (shard id, attempt, artifact).
        placed_cases: Gives a job's accepted cases as (shard id, attempt, case).
        metrics: What its accepted attempts measured, as (shard id, job id, attempt, metric).
    """

    run: RunView
    jobs: Sequence[JobView]
    attempts: Sequence[AttemptView]
    cases: Callable[[str, Sequence[str]], Iterable[CaseResult]]
    lower_bound_s: float | None = None
    artifacts: Sequence[tuple[str, int, Artifact]] = ()
    placed_cases: Callable[[str], Iterable[tuple[str, int, CaseResult]]] = lambda _: ()
    metrics: Sequence[tuple[str, str, int, Metric]] = ()

    @property
    def makespan_s(self) -> float | None:
        """From the first attempt's beginning to the end of the last job, in seconds; None: nothing ran, or it runs."""
        started, finished = self.run.started_at, self.run.finished_at
        return None if started is None or finished is None else finished - started

    @property
    def took_s(self) -> float | None:
        """From the submission to the end of the last job, in seconds; None while it runs."""
        return None if self.run.finished_at is None else self.run.finished_at - self.run.created_at


def counts(record: RunRecord) -> dict[str, int]:
    """The run's cases by outcome; what is no suite counts as one case. The six usual ones are always there."""
    found: dict[str, int] = dict.fromkeys(COUNTED, 0) | dict(record.run.cases)
    for job in record.jobs:
        name = command_outcome(job)
        if name:
            found[name] = found.get(name, 0) + 1
    return found


def notes(record: RunRecord) -> list[str]:
    """What the executors remarked on the run, each remark once, in the order in which they came."""
    lines = (line for attempt in record.attempts for line in attempt.proof.get("notes", "").split("\n"))
    return list(dict.fromkeys(filter(None, map(str.strip, lines))))


def named_notes(record: RunRecord) -> list[str]:
    """The remarks, with the name of the job where the run has several; many jobs that share a remark are counted."""
    if len(record.jobs) < 2:
        return notes(record)
    names = {job.job_id: job.spec.name for job in record.jobs}
    told: dict[str, dict[str, None]] = {}
    for attempt in record.attempts:
        for line in filter(None, map(str.strip, attempt.proof.get("notes", "").split("\n"))):
            told.setdefault(line, {})[attempt.job_id] = None
    return [f"{_named([names.get(job_id, job_id) for job_id in jobs])}: {line}" for line, jobs in told.items()]


def _named(names: Sequence[str]) -> str:
    rest = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return ", ".join(names[:2]) + rest


def command_outcome(job: JobView) -> str:
    """What a finished command, benchmark or browser job counts as; empty for suites, and for what never began."""
    if job.spec.kind is JobKind.PYTEST or job.started_at is None or any(job.cases.values()):
        return ""
    return str(job.outcome or "")


def summary(record: RunRecord) -> Mapping[str, object]:
    """The run in figures, as ``dtf run --json`` and the JSON report tell them."""
    run = record.run
    return {
        "run_id": run.run_id,
        "name": run.name,
        "outcome": None if run.outcome is None else str(run.outcome),
        "reason": run.reason,
        "labels": dict(run.labels),
        "counts": counts(record),
        "expected": run.expected,
        "jobs": {"submitted": run.jobs, "terminal": run.jobs_finished},
        "shards": dict(run.shards),
        "attempts": run.attempts,
        "notes": notes(record),
        "created_at": run.created_at,
        "finished_at": run.finished_at,
        "makespan_s": _rounded(record.makespan_s),
        "took_s": _rounded(record.took_s),
        "lower_bound_s": _rounded(record.lower_bound_s),
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
