"""What a run came to, episode by episode: the same rules for every arm."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from dtf.benchmarks.browsers.failures import AFTERMATH_S, episode_of, first_failures
from dtf.benchmarks.browsers.job import Work
from dtf.benchmarks.browsers.openings import healthy, open_times
from dtf.benchmarks.browsers.records import NONE, JobRecord, RunRecord, UseRecord
from dtf.benchmarks.browsers.struck import Struck
from dtf.domain.outcome import Outcome

#: A recovery or a delay that takes longer, or never ends, counts as so long: means are restricted, nobody is left out.
#: Longer than the longest episode, so that to wait for its end is not the same as to give up.
LONGEST_S: Final = 90.0
#: The struck jobs of a run that is compared with none.
_NOT_COMPARED: Final[Struck] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeFigures:
    """What came of an episode with one arm; sums, so that episodes can be added. Times are in seconds.

    Attributes:
        struck: Jobs that failed by the infrastructure with any of the compared arms: the same ones in every arm.
        struck_lost: Those of them that had no verdict in the end: given up, or not over at the horizon.
        struck_delay_s: From their arrival to their verdict, restricted.
        affected: Jobs whose first failure of the infrastructure it caused.
        affected_lost: Those of them that had no verdict in the end.
        recovery_s: From that failure to the verdict, restricted, over all affected jobs.
        exposed: Jobs that came for its browser alone while it lasted: the same ones in every arm.
        exposed_lost: Those of them that had no verdict in the end.
        exposed_delay_s: From their arrival to their verdict, restricted.
        failed_slot_s: Busy time of attempts that failed, with the browsers' restarts.
        canary_slot_s: Busy time of canaries, those that passed included.
        cpu_s: The processor time of both.
        failures: Attempts that failed.
        came: Jobs that came since this episode began and before the next one did, on whatever browser: the same ones in
            every arm. Those of the warm-up are left out.
        came_delay_s: From their arrival to their verdict, restricted.
        came_waited_s: How long they were ready to start and did not.
        blocked_s: Time that the browser, healthy again and idle, was refused to work that waited for it.
        harmful: 1 where an attempt or a canary failed by it.
        opened: 1 where its breaker was or became open while it lasted.
        detection_s: From the first failure by it to the breaker's opening, at most to its end.
    """

    struck: int = 0
    struck_lost: int = 0
    struck_delay_s: float = 0.0
    affected: int = 0
    affected_lost: int = 0
    recovery_s: float = 0.0
    exposed: int = 0
    exposed_lost: int = 0
    exposed_delay_s: float = 0.0
    failed_slot_s: float = 0.0
    canary_slot_s: float = 0.0
    cpu_s: float = 0.0
    failures: int = 0
    came: int = 0
    came_delay_s: float = 0.0
    came_waited_s: float = 0.0
    blocked_s: float = 0.0
    harmful: int = 0
    opened: int = 0
    detection_s: float = 0.0

    @property
    def resource_s(self) -> float:
        """What it burnt: slot-seconds and seconds of processor time."""
        return self.failed_slot_s + self.canary_slot_s + self.cpu_s


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """What a run came to.

    Attributes:
        arm: The arm.
        seed: The schedule's seed.
        episodes: By their numbers; -1: what happened outside of all of them.
        jobs: How many jobs came after the warm-up.
        lost: Those without a verdict in the end.
        delay_s: From arrival to verdict, restricted, over all of these.
        waited_s: How long jobs were ready to start and did not, over all of these.
        wrong: Verdicts that are not the true ones: an assertion that is false passed, or one that is true failed.
        healthy_h: Hours of all browsers outside of episodes and their aftermath.
        false_trips: Openings in those hours.
        unconfirmed: Uses in an episode whose fault could not be injected or was not seen.
        lasted_s: How long it lasted.
    """

    arm: str
    seed: int
    episodes: Mapping[int, EpisodeFigures]
    jobs: int
    lost: int
    delay_s: float
    waited_s: float
    wrong: int
    healthy_h: float
    false_trips: int
    unconfirmed: int
    lasted_s: float


def measure_run(record: RunRecord, longest_s: float = LONGEST_S, *, struck: Struck = _NOT_COMPARED) -> RunFigures:
    """What a run came to.

    Args:
        record: Its raw data.
        longest_s: What recoveries and delays are restricted to.
        struck: The struck jobs of its seed with their episodes, from all runs that are compared.
    """
    schedule = record.schedule
    found = {number: EpisodeFigures() for number in (NONE, *(one.number for one in schedule.episodes))}
    for use in record.uses:
        where = episode_of(use, schedule)
        found[where] = _with_use(found[where], use)
    _add_jobs(found, record, longest_s)
    _add_struck(found, record, struck, longest_s)
    _add_all(found, record, longest_s)
    for blocked in record.blocked:
        one = found[blocked.after_episode]
        found[blocked.after_episode] = replace(one, blocked_s=one.blocked_s + blocked.seconds)
    for episode in schedule.episodes:
        found[episode.number] = _with_detection(found[episode.number], record, episode.number)
    healthy_s, trips = healthy(record, AFTERMATH_S)
    measured = [job for job in record.jobs if schedule.jobs[job.number].arrives_s >= schedule.plan.warm_up_s]
    return RunFigures(
        arm=record.arm,
        seed=schedule.seed,
        episodes=found,
        jobs=len(measured),
        lost=sum(not _has_verdict(job) for job in measured),
        delay_s=sum(_restricted(job, schedule.jobs[job.number].arrives_s, longest_s) for job in measured),
        waited_s=sum(job.waited_s for job in measured),
        wrong=_wrong(record),
        healthy_h=healthy_s / 3600,
        false_trips=trips,
        unconfirmed=sum(use.episode != NONE and not use.confirmed for use in record.uses),
        lasted_s=record.lasted_s,
    )


def recovery_times(record: RunRecord) -> list[float | None]:
    """From the first failure of each affected job to its verdict, in seconds; None: it has none."""
    first = first_failures(record.uses)
    return [_time_to_verdict(job, first[job.number].ended_s) for job in record.jobs if job.number in first]


def struck_times(record: RunRecord, struck: Struck) -> list[float | None]:
    """From the arrival of each struck job to its verdict, in seconds; None: it has none."""
    planned = record.schedule.jobs
    return [_time_to_verdict(job, planned[job.number].arrives_s) for job in record.jobs if job.number in struck]


def _with_use(one: EpisodeFigures, use: UseRecord) -> EpisodeFigures:
    if use.job == NONE:
        failed = use.outcome is Outcome.INFRA
        return replace(
            one,
            canary_slot_s=one.canary_slot_s + use.seconds,
            cpu_s=one.cpu_s + use.cpu_s,
            harmful=max(one.harmful, int(failed)),
        )
    if use.outcome is not Outcome.INFRA:
        # what stood in for a canary and did not pass runs again: whatever it came to, it was for nothing
        wasted = use.probe and use.outcome is not Outcome.PASSED
        return (
            replace(one, failed_slot_s=one.failed_slot_s + use.seconds, cpu_s=one.cpu_s + use.cpu_s) if wasted else one
        )
    return replace(
        one,
        failed_slot_s=one.failed_slot_s + use.seconds,
        cpu_s=one.cpu_s + use.cpu_s,
        failures=one.failures + 1,
        harmful=1,
    )


def _add_jobs(found: dict[int, EpisodeFigures], record: RunRecord, longest_s: float) -> None:
    schedule, first = record.schedule, first_failures(record.uses)
    for job in record.jobs:
        planned, lost = schedule.jobs[job.number], not _has_verdict(job)
        if job.number in first:
            use = first[job.number]
            where = episode_of(use, schedule)
            one = found[where]
            found[where] = replace(
                one,
                affected=one.affected + 1,
                affected_lost=one.affected_lost + lost,
                recovery_s=one.recovery_s + _restricted(job, use.ended_s, longest_s),
            )
        exposing = schedule.episode_at(planned.pinned, planned.arrives_s) if planned.pinned else None
        if exposing is not None:
            one = found[exposing.number]
            found[exposing.number] = replace(
                one,
                exposed=one.exposed + 1,
                exposed_lost=one.exposed_lost + lost,
                exposed_delay_s=one.exposed_delay_s + _restricted(job, planned.arrives_s, longest_s),
            )


def _add_struck(found: dict[int, EpisodeFigures], record: RunRecord, struck: Struck, longest_s: float) -> None:
    planned = record.schedule.jobs
    for job in (job for job in record.jobs if job.number in struck):
        one = found[struck[job.number]]
        found[struck[job.number]] = replace(
            one,
            struck=one.struck + 1,
            struck_lost=one.struck_lost + (not _has_verdict(job)),
            struck_delay_s=one.struck_delay_s + _restricted(job, planned[job.number].arrives_s, longest_s),
        )


def _add_all(found: dict[int, EpisodeFigures], record: RunRecord, longest_s: float) -> None:
    """Each job after the warm-up, with the episode that began last before it came."""
    schedule = record.schedule
    begun = sorted((one.start_s, one.number) for one in schedule.episodes)
    for job in record.jobs:
        arrives_s = schedule.jobs[job.number].arrives_s
        if arrives_s < schedule.plan.warm_up_s:
            continue
        where = next((number for start_s, number in reversed(begun) if start_s <= arrives_s), NONE)
        one = found[where]
        found[where] = replace(
            one,
            came=one.came + 1,
            came_delay_s=one.came_delay_s + _restricted(job, arrives_s, longest_s),
            came_waited_s=one.came_waited_s + job.waited_s,
        )


def _has_verdict(job: JobRecord) -> bool:
    return job.outcome is not None and job.outcome is not Outcome.INFRA


def _time_to_verdict(job: JobRecord, since_s: float) -> float | None:
    return max(job.ended_s - since_s, 0.0) if _has_verdict(job) and job.ended_s is not None else None


def _restricted(job: JobRecord, since_s: float, longest_s: float) -> float:
    """From then to the verdict; what has none counts as the longest, whenever it was given up."""
    time_s = _time_to_verdict(job, since_s)
    return longest_s if time_s is None else min(time_s, longest_s)


def _wrong(record: RunRecord) -> int:
    works = {job.number: job.work for job in record.schedule.jobs}
    true = {Work.ASSERTION: Outcome.FAILED}
    judged = (job for job in record.jobs if _has_verdict(job))
    return sum(job.outcome is not true.get(works[job.number], Outcome.PASSED) for job in judged)


def _with_detection(one: EpisodeFigures, record: RunRecord, number: int) -> EpisodeFigures:
    episode = record.schedule.episodes[number]
    failed = [use for use in record.uses if use.episode == number and use.outcome is Outcome.INFRA]
    if not failed:
        return one
    first_s = min(use.ended_s for use in failed)
    end_s = max(episode.end_s, first_s)
    opened = [max(a - first_s, 0.0) for a, b in open_times(record, episode.browser) if a <= end_s and b >= first_s]
    return replace(one, opened=int(bool(opened)), detection_s=min(opened, default=end_s - first_s))
