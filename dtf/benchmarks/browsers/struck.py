"""The struck jobs: the same ones for every arm, so that no arm is compared over jobs of its own choice."""

from collections.abc import Iterable, Mapping, Sequence

from dtf.benchmarks.browsers.arms.catalogue import ARMS
from dtf.benchmarks.browsers.failures import episode_of, first_failures
from dtf.benchmarks.browsers.job import Job
from dtf.benchmarks.browsers.records import RunRecord
from dtf.benchmarks.browsers.schedule import Schedule

#: The struck jobs of a seed by their numbers, with the episode that each belongs to; -1: none.
Struck = Mapping[int, int]


def struck_by_seed(records: Iterable[RunRecord]) -> dict[int, Struck]:
    """The struck jobs of each seed, from all runs that are compared."""
    by_seed: dict[int, list[RunRecord]] = {}
    for record in records:
        by_seed.setdefault(record.schedule.seed, []).append(record)
    return {seed: struck_jobs(of_it) for seed, of_it in by_seed.items()}


def struck_jobs(records: Sequence[RunRecord]) -> Struck:
    """The jobs that failed by the infrastructure at least once with any of the arms, those of the warm-up left out.

    A job belongs to the same episode whatever the arm: to the one that it ran into when it came for one browser alone,
    or else to that of its first failure with the first arm, in the order of reports, with which it failed.

    Args:
        records: The runs of one seed.
    """
    found: dict[int, int] = {}
    for record in (one for arm in ARMS for one in records if one.arm == arm):
        schedule = record.schedule
        jobs = {job.number: job for job in schedule.jobs}
        for number, use in first_failures(record.uses).items():
            job = jobs[number]
            if number in found or job.arrives_s < schedule.plan.warm_up_s:
                continue
            exposing = _exposing(job, schedule)
            found[number] = episode_of(use, schedule) if exposing is None else exposing
    return found


def _exposing(job: Job, schedule: Schedule) -> int | None:
    """The episode that a job ran into by coming for one browser alone; None: it did not."""
    episode = schedule.episode_at(job.pinned, job.arrives_s) if job.pinned else None
    return None if episode is None else episode.number
