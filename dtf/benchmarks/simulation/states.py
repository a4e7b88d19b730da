"""Where jobs, attempts and targets stand while a run goes on."""

from collections import deque
from dataclasses import dataclass, field

from dtf.benchmarks.simulation.arms.protocol import NEVER
from dtf.benchmarks.simulation.faults import Phase
from dtf.benchmarks.simulation.jobs import End, SimulatedJob


@dataclass(slots=True)
class JobState:
    """Where a job stands: attempts made, attempts charged, when it became ready, whether it is over."""

    job: SimulatedJob
    made: int = 0
    charged: int = 0
    ready_at: float = 0.0
    over: bool = False
    first_fault_at: float | None = None
    waited_s: float = 0.0


@dataclass(slots=True)
class Running:
    """An attempt under way; ``version`` tells its present end from one that was overtaken."""

    state: JobState
    target: int
    start: float
    token: int
    end: End
    version: int = 0
    faulted_from: float = 0.0


@dataclass(slots=True)
class TargetState:
    """A target: its free slots, what runs on it, what waits for it alone, and how sick it is."""

    free: int
    running: list[Running] = field(default_factory=list)
    waiting: deque[JobState] = field(default_factory=deque)
    waiting_last: deque[JobState] = field(default_factory=deque)
    phase: Phase | None = None
    phase_ends: float = 0.0
    looks_at: float = NEVER
    canaries: int = 0

    @property
    def sick(self) -> bool:
        """Whether work had better not go there."""
        return self.phase is not None and self.phase.sick


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something is due for an attempt, as it was when this was planned."""

    running: Running
    version: int

    @property
    def overtaken(self) -> bool:
        """Whether the attempt has another end by now, or has had it."""
        return self.running.version != self.version


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryRun:
    """A canary under way."""

    target: int
    passed: bool
    token: int
