"""What a matrix needs of each run."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from dtf.domain.case import CaseResult
from dtf.domain.ports.views import AttemptView, JobView, RunView
from dtf.domain.shard import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """A run as the ledger has it.

    Attributes:
        run: The run.
        jobs: Its jobs.
        attempts: Its attempts, with their proofs.
        cases: Gives a job's accepted cases as (shard id, attempt, case).
        metrics: What its accepted attempts measured, as (shard id, job id, attempt, metric).
    """

    run: RunView
    jobs: Sequence[JobView]
    attempts: Sequence[AttemptView]
    cases: Callable[[str], Iterable[tuple[str, int, CaseResult]]]
    metrics: Sequence[tuple[str, str, int, Metric]] = ()
