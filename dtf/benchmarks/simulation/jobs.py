"""The jobs of a run, and what comes of their attempts."""

import math
from dataclasses import dataclass
from enum import StrEnum

from dtf.benchmarks.simulation.chance import generator, uniform
from dtf.benchmarks.simulation.faults import Phase, Schedule
from dtf.benchmarks.simulation.lab import ATTEMPT, HIT, JOBS, Conditions, JobGroup, Lab
from dtf.domain.breaker import Sign

#: The share of a broken commit's jobs that fail, and of those the share that crashes.
BROKEN_FAIL, BROKEN_CRASH = 0.85, 0.5


class Verdict(StrEnum):
    """What a job comes to where nothing else goes wrong."""

    PASSES = "passes"
    FAILS = "fails"
    CRASHES = "crashes"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedJob:
    """A job: its identity, arrival, group, own duration, the target it is pinned to (or -1), and its own verdict."""

    index: int
    at: float
    group: JobGroup
    duration_s: float
    pinned: int
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How and when an attempt ends.

    Attributes:
        after_s: Seconds after its start.
        sign: What it shows.
        faulted: A fault made it fail.
        verdict: The job is over with it: it passed, or failed by an assertion.
    """

    after_s: float
    sign: Sign
    faulted: bool = False


def draw_jobs(seed: int, lab: Lab, schedule: Schedule, conditions: Conditions) -> list[SimulatedJob]:
    """The jobs of a run in the order of their arrival (Poisson)."""
    chance = generator(seed, JOBS)
    slots = len(lab.targets) * conditions.slots
    mean_s = sum(group.mean_s for group in lab.groups) / len(lab.groups)
    rate = conditions.load * slots / mean_s
    jobs: list[SimulatedJob] = []
    at = chance.expovariate(rate)
    while at < conditions.end_s:
        group = lab.groups[chance.randrange(len(lab.groups))]
        duration_s = min(chance.lognormvariate(group.log_mean, group.log_sd), 0.8 * group.limit_s)
        pinned = chance.randrange(len(lab.targets)) if chance.random() < conditions.pinned else -1
        luck = chance.random(), chance.random()
        verdict = _verdict(group, at, schedule, luck)
        jobs.append(
            SimulatedJob(index=len(jobs), at=at, group=group, duration_s=duration_s, pinned=pinned, verdict=verdict)
        )
        at += chance.expovariate(rate)
    return jobs


def _verdict(group: JobGroup, at: float, schedule: Schedule, luck: tuple[float, float]) -> Verdict:
    broken = any(bad.group == group.index and bad.start <= at < bad.end for bad in schedule.bad_tests)
    if not broken or luck[0] >= BROKEN_FAIL:
        return Verdict.PASSES
    return Verdict.CRASHES if luck[1] < BROKEN_CRASH else Verdict.FAILS


class Luck:
    """Draws how attempts end: by job, attempt and target, so that every arm meets the same luck."""

    def __init__(self, seed: int, lab: Lab, conditions: Conditions) -> None:
        self._seed = seed
        self._rates = [one.base_rate for one in lab.targets]
        self._model = conditions.faults

    def attempt(self, job: SimulatedJob, attempt: int, target: int, phase: Phase | None) -> End:
        """How an attempt ends that starts on a target in a phase."""
        identity = (self._seed, ATTEMPT, job.index, attempt, target)
        natural_s = job.duration_s * (phase.slow if phase else 1.0)
        if phase is not None and uniform(*identity, 1) < phase.fail:
            return self._faulted(job, identity, phase, natural_s)
        if uniform(*identity, 2) < self._rates[target]:
            after_s = natural_s * uniform(*identity, 3)
            return End(after_s=after_s, sign=self._label(identity, self._model.as_crash))
        if job.verdict is Verdict.CRASHES or uniform(*identity, 4) < job.group.crash_rate:
            return End(after_s=natural_s * uniform(*identity, 3), sign=self._relabelled(Sign.CRASH, identity))
        return End(after_s=natural_s, sign=Sign.WORKED)

    def hit(self, job: SimulatedJob, attempt: int, phase: Phase, ran_s: float) -> End | None:
        """How a running attempt ends that a beginning phase hits; None: it goes on as it would."""
        identity = (self._seed, HIT, job.index, attempt, phase.number)
        if uniform(*identity, 1) >= phase.fail * self._model.hit:
            return None
        hangs = uniform(*identity, 2) < phase.modes[2]
        after_s = job.group.limit_s if hangs else ran_s + 0.2 + self._fast(uniform(*identity, 3))
        return End(after_s=min(after_s, job.group.limit_s), sign=self._faults_label(identity, hangs), faulted=True)

    def _faulted(self, job: SimulatedJob, identity: tuple[int, ...], phase: Phase, natural_s: float) -> End:
        mode, where = uniform(*identity, 5), uniform(*identity, 6)
        fast, middle, _ = phase.modes
        hangs = mode >= fast + middle
        if hangs:
            after_s = job.group.limit_s
        elif mode < fast:
            after_s = min(0.3 + self._fast(where), natural_s)
        else:
            after_s = natural_s * where
        return End(after_s=after_s, sign=self._faults_label(identity, hangs), faulted=True)

    def _fast(self, luck: float) -> float:
        return -self._model.fast_s * math.log(1.0 - luck)

    def _faults_label(self, identity: tuple[int, ...], hangs: bool) -> Sign:
        return Sign.INFRA if hangs else self._label(identity, self._model.as_crash)

    def _label(self, identity: tuple[int, ...], as_crash: float) -> Sign:
        return self._relabelled(Sign.CRASH if uniform(*identity, 7) < as_crash else Sign.INFRA, identity)

    def _relabelled(self, sign: Sign, identity: tuple[int, ...]) -> Sign:
        if self._model.relabelled and uniform(*identity, 8) < self._model.relabelled:
            return Sign.INFRA if sign is Sign.CRASH else Sign.CRASH
        return sign
