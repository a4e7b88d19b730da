"""Reads what it takes to say why a job waits."""

from collections.abc import Sequence

from dtf.analysis.why import Situation
from dtf.domain.ports.breakers import BreakerView
from dtf.domain.ports.views import Views


def situation_of(views: Views, job_id: str, refusing: Sequence[BreakerView]) -> Situation:
    """Everything that the answer for a job is drawn from.

    Args:
        views: The ledger's reading side.
        job_id: The job.
        refusing: The circuit breakers that let no work through.

    Raises:
        UnknownRecordError: There is no such job.
    """
    return Situation(
        job=views.job(job_id),
        shards=views.shards(job_id),
        workers=views.workers(),
        leader=views.leader(),
        backlog=views.backlog(),
        now=views.now(),
        refusing=refusing,
    )
