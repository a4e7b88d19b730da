"""What a run cost, and how it is counted."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from dtf.benchmarks.simulation.arms.protocol import Moved, Setting
from dtf.benchmarks.simulation.jobs import SimulatedJob, Verdict
from dtf.domain.breaker import BreakerState

#: What a good job that is lost costs, in seconds; and a canary that passed: it took a healthy target's time.
LOST_JOB_COST_S: Final = 120.0
CANARY_COST_S: Final = 1.0

#: A recovery that takes longer, or never comes, counts as so long: the mean is restricted, and nothing is left out.
LONGEST_RECOVERY_S: Final = 600.0

#: An opening this soon after a fault was still caused by it.
AFTERMATH_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What one run with one arm came to; seconds and counts of the measured part.

    Attributes:
        failed_s: Slot-seconds of attempts that a fault made fail, while it lasted.
        blocked_s: Slot-seconds of healthy targets that the arm kept from waiting work.
        lost: Good jobs that ended without success.
        canaries_passed: Canaries that passed.
        canaries_failed: Canaries that failed.
        cancelled_s: Slot-seconds of good work that the arm ended; no arm here does so.
        jobs: Good jobs.
        waiting_s: What these waited for a slot, in sum.
        affected: Good jobs of which an attempt failed by a fault.
        affected_lost: Those of them that were lost.
        recovery_s: From the first such failure to success, restricted, in sum over all affected ones.
        exposed: Good jobs that arrived for a target while it was sick, the same in every arm.
        exposed_lost: Those of them that were lost.
        exposed_delay_s: From arrival to success, less their own duration, restricted, in sum.
        burnt_s: Slot-seconds of all attempts that a fault made fail, what they ran before it included.
        open_healthy_s: Slot-seconds of healthy targets behind an open breaker, whether work waited or not.
        healthy_h: Hours of all targets in which they were healthy.
        false_trips: Openings of healthy targets' breakers.
        episodes: Faults with a sick time in the measured part.
        detected: Those during which the breaker was open.
        detection_s: From a fault's sick beginning to the opening, restricted to its length, in sum.
    """

    failed_s: float
    blocked_s: float
    lost: int
    canaries_passed: int
    canaries_failed: int
    cancelled_s: float
    jobs: int
    waiting_s: float
    affected: int
    affected_lost: int
    recovery_s: float
    exposed: int
    exposed_lost: int
    exposed_delay_s: float
    burnt_s: float
    open_healthy_s: float
    healthy_h: float
    false_trips: int
    episodes: int
    detected: int
    detection_s: float

    @property
    def j2(self) -> float:
        """The cost by which arms are compared, in seconds."""
        return (
            self.failed_s
            + self.blocked_s
            + LOST_JOB_COST_S * self.lost
            + CANARY_COST_S * self.canaries_passed
            + self.cancelled_s
        )

    def to_json(self) -> dict[str, Any]:
        """All of it and the cost, as JSON's types."""
        return {"j2": round(self.j2, 3), **{key: round(value, 3) for key, value in asdict(self).items()}}


class Books:
    """Counts while a run goes on.

    Attributes:
        blocked_rate: How many healthy slots are kept from waiting work at present.
    """

    def __init__(self, setting: Setting) -> None:
        self._from = setting.conditions.warm_up_s
        self._until = setting.conditions.end_s
        self._slots = setting.conditions.slots
        self._setting = setting
        self.blocked_rate = 0
        self._now = 0.0
        self._blocked_s = self._failed_s = self._burnt_s = 0.0
        self._canaries = [0, 0]
        self._jobs = self._lost = self._affected = self._affected_lost = self._exposed = self._exposed_lost = 0
        self._waiting_s = self._recovery_s = self._exposed_delay_s = 0.0
        self._sick_times: list[list[list[float]]] = [[] for _ in setting.lab.targets]
        self._scheduled: list[list[tuple[float, float]]] = [[] for _ in setting.lab.targets]
        for phase in setting.schedule.phases:
            if phase.sick:
                self._scheduled[phase.target].append((phase.start, phase.end))

    def advance(self, at: float) -> None:
        """Time goes on to the next event."""
        if self.blocked_rate and at > self._from:
            self._blocked_s += self.blocked_rate * (at - max(self._now, self._from))
        self._now = at

    def failed(self, counted_from: float, start: float, end: float) -> None:
        """An attempt failed by a fault."""
        if end >= self._from:
            self._failed_s += end - counted_from
            self._burnt_s += end - start

    def canary(self, at: float, *, passed: bool) -> None:
        """A canary ended."""
        if at >= self._from:
            self._canaries[passed] += 1

    def sick(self, target: int, at: float, *, sick: bool) -> None:
        """A target turned sick, or well, or from one way of being sick to another."""
        times = self._sick_times[target]
        if times and times[-1][1] == float("inf"):
            times[-1][1] = at
        if sick:
            times.append([at, float("inf")])

    def job_over(
        self, job: SimulatedJob, succeeded_at: float | None, first_fault_at: float | None, waited_s: float
    ) -> None:
        """A job ended: with success, or not at all."""
        if job.verdict is not Verdict.PASSES or job.at < self._from:
            return
        lost = succeeded_at is None
        self._jobs += 1
        self._lost += lost
        self._waiting_s += waited_s
        if first_fault_at is not None:
            self._affected += 1
            self._affected_lost += lost
            self._recovery_s += _restricted(None if succeeded_at is None else succeeded_at - first_fault_at)
        if job.pinned >= 0 and any(start <= job.at < end for start, end in self._scheduled[job.pinned]):
            self._exposed += 1
            self._exposed_lost += lost
            delay = None if succeeded_at is None else succeeded_at - job.at - job.duration_s
            self._exposed_delay_s += _restricted(delay)

    def measures(self, moves: Sequence[Moved]) -> Measures:
        """What it all came to."""
        openings = [[] for _ in self._scheduled]  # type: list[list[tuple[float, float]]]
        false_trips = self._read_moves(moves, openings)
        open_healthy_s = sum(
            self._slots
            * (self._measured(one) - sum(self._measured(_both(one, sick)) for sick in self._sick_times[target]))
            for target, times in enumerate(openings)
            for one in times
        )
        sick_s = sum(self._measured((one[0], one[1])) for times in self._sick_times for one in times)
        healthy_h = (len(self._scheduled) * (self._until - self._from) - sick_s) / 3600
        episodes, detected, detection_s = self._detection(openings)
        return Measures(
            failed_s=self._failed_s,
            blocked_s=self._blocked_s,
            lost=self._lost,
            canaries_passed=self._canaries[1],
            canaries_failed=self._canaries[0],
            cancelled_s=0.0,
            jobs=self._jobs,
            waiting_s=self._waiting_s,
            affected=self._affected,
            affected_lost=self._affected_lost,
            recovery_s=self._recovery_s,
            exposed=self._exposed,
            exposed_lost=self._exposed_lost,
            exposed_delay_s=self._exposed_delay_s,
            burnt_s=self._burnt_s,
            open_healthy_s=open_healthy_s,
            healthy_h=healthy_h,
            false_trips=false_trips,
            episodes=episodes,
            detected=detected,
            detection_s=detection_s,
        )

    def _read_moves(self, moves: Sequence[Moved], openings: list[list[tuple[float, float]]]) -> int:
        """Fill in when breakers were not closed; the number of false trips."""
        since: dict[int, float] = {}
        false_trips = 0
        for move in moves:
            if move.before is BreakerState.CLOSED:
                since[move.target] = move.at
                false_trips += self._from <= move.at < self._until and not self._was_sick(move.target, move.at)
            elif move.after is BreakerState.CLOSED:
                openings[move.target].append((since.pop(move.target), move.at))
        for target, start in since.items():
            openings[target].append((start, self._now))
        return false_trips

    def _was_sick(self, target: int, at: float) -> bool:
        return any(start <= at <= end + AFTERMATH_S for start, end in self._sick_times[target])

    def _detection(self, openings: list[list[tuple[float, float]]]) -> tuple[int, int, float]:
        episodes = detected = 0
        total_s = 0.0
        for target, times in enumerate(self._sick_times):
            for start, end in times:
                if not self._from <= start < self._until:
                    continue
                end_known = min(end, self._now)
                episodes += 1
                seen = [
                    max(opened, start) for opened, closed in openings[target] if opened < end_known and closed > start
                ]
                detected += bool(seen)
                total_s += min(seen, default=end_known) - start
        return episodes, detected, total_s

    def _measured(self, time: tuple[float, float]) -> float:
        return max(min(time[1], self._until) - max(time[0], self._from), 0.0)


def _both(one: tuple[float, float], other: Sequence[float]) -> tuple[float, float]:
    return max(one[0], other[0]), min(one[1], other[1])


def _restricted(value: float | None) -> float:
    return LONGEST_RECOVERY_S if value is None else min(value, LONGEST_RECOVERY_S)
