"""A breaker that is told the schedule: about the best that refusing work can do; no breaker can reach it."""

from dtf.benchmarks.simulation.arms.protocol import NEVER, Ending, Indifferent, Refunds, Setting
from dtf.benchmarks.simulation.jobs import SimulatedJob


class Oracle(Indifferent):
    """Knows which target is sick at each moment, and gives back every attempt that a fault cost.

    Where a sick time is prolonged by attempts it knows the scheduled end, which holds, as it makes no attempt. What
    runs when a fault begins is lost to it as to everybody.
    """

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._sick: list[list[tuple[float, float]]] = [[] for _ in setting.lab.targets]
        for phase in setting.schedule.phases:
            if phase.sick:
                self._sick[phase.target].append((phase.start, phase.end))

    def allows(self, target: int, now: float, job: SimulatedJob, *, last: bool) -> bool:  # noqa: ARG002  # the protocol's
        """Where the target is not sick."""
        return self._sick_until(target, now) is None

    def look_at(self, target: int, now: float) -> float:
        """When it is well again."""
        until = self._sick_until(target, now)
        return NEVER if until is None else until

    def ended(self, ending: Ending) -> Refunds:
        """It knows whose fault it was."""
        return (ending.job.index,) if ending.faulted else ()

    def _sick_until(self, target: int, now: float) -> float | None:
        times = self._sick[target]
        while times and times[0][1] <= now:
            times.pop(0)
        return times[0][1] if times and times[0][0] <= now else None
