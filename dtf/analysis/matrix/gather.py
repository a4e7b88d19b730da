"""Reads everything that a matrix needs."""

from collections.abc import Sequence

from dtf.analysis.matrix.facts import RunFacts
from dtf.domain.ports.views import Views


def gather_matrix(views: Views, run_ids: Sequence[str]) -> list[RunFacts]:
    """The facts of these runs, each once."""
    return [
        RunFacts(
            run=views.run(run_id),
            jobs=views.jobs(run_id),
            attempts=views.attempts(run_id),
            cases=views.placed_cases,
            metrics=views.metrics(run_id),
        )
        for run_id in dict.fromkeys(run_ids)
    ]
