"""What the benchmarks of a run measured."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dtf.analysis.standing import device_names, standing
from dtf.domain.ports.views import AttemptView, JobView
from dtf.domain.proof import Standing
from dtf.domain.shard import Metric
from dtf.domain.work import BenchmarkWork

_OF_BATCH = re.compile(r"(?P<name>[a-z0-9_]+)\[batch=(?P<batch>[0-9]{1,9})\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """One benchmark's figures and what they stand for.

    Attributes:
        job: The job.
        work: What it was to measure.
        proof: Of its last attempt.
        metrics: Its figures, in the order of measuring.
        of_batch: Those of each batch size by their names without it.
    """

    job: JobView
    work: BenchmarkWork
    proof: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
    of_batch: Mapping[int, Mapping[str, float]] = field(default_factory=dict)

    @property
    def standing(self) -> Standing:
        """What the figures say about the hardware."""
        return standing(self.job.spec.hardware, self.proof)

    def figure(self, name: str) -> float | None:
        """A figure that belongs to no batch size; None: it was not measured."""
        return next((metric.value for metric in self.metrics if metric.name == name), None)

    def as_json(self) -> dict[str, object]:
        """In JSON's types."""
        return {
            "job_id": self.job.job_id,
            "name": self.job.spec.name,
            "model": self.work.model,
            "precision": self.work.precision,
            "hardware": self.job.spec.hardware,
            "device": device_names(self.proof),
            "standing": str(self.standing),
            "outcome": None if self.job.outcome is None else str(self.job.outcome),
            "reason": self.job.reason,
            "proof": dict(self.proof),
            "metrics": [{"name": one.name, "value": one.value, "unit": one.unit} for one in self.metrics],
        }


def measures_of(
    jobs: Iterable[JobView], attempts: Sequence[AttemptView], metrics: Iterable[tuple[str, str, int, Metric]]
) -> list[Measures]:
    """The benchmarks among a run's jobs, in the order of submission.

    Args:
        jobs: All jobs of the run.
        attempts: All attempts, in the order in which they began.
        metrics: As ``Views.metrics`` gives them.
    """
    proofs = {attempt.job_id: attempt.proof for attempt in attempts}
    figures: dict[str, list[Metric]] = {}
    for _, job_id, _, metric in metrics:
        figures.setdefault(job_id, []).append(metric)
    return [
        Measures(
            job=job,
            work=job.spec.work,
            proof=proofs.get(job.job_id, {}),
            metrics=tuple(figures.get(job.job_id, ())),
            of_batch=_by_batch(figures.get(job.job_id, ())),
        )
        for job in jobs
        if isinstance(job.spec.work, BenchmarkWork)
    ]


def _by_batch(metrics: Iterable[Metric]) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for metric in metrics:
        if match := _OF_BATCH.fullmatch(metric.name):
            found.setdefault(int(match["batch"]), {})[match["name"]] = metric.value
    return found
