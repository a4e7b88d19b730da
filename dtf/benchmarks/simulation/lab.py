"""The simulated laboratory: its targets and job groups, and the numbers of the model of its faults."""

import math
from dataclasses import dataclass, field

from dtf.benchmarks.simulation.chance import generator
from dtf.domain.breaker import Target

#: What the draws are for; part of their identity.
LAB, JOBS, FAULTS, ATTEMPT, HIT, CANARY = range(1, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareClass:
    """Targets of one kind.

    Attributes:
        tag: The hardware tag.
        targets: How many there are.
        base_rate: How often jobs fail on a healthy one; each target's own lies about it.
        outage_median_s: The median of its outages.
        interval_s: The mean healthy time between two faults of one target.
    """

    tag: str
    targets: int
    base_rate: float
    outage_median_s: float
    interval_s: float


#: Eleven targets on four unlike classes.
CLASSES = (
    HardwareClass(tag="cpu", targets=3, base_rate=0.005, outage_median_s=45.0, interval_s=3000.0),
    HardwareClass(tag="cuda", targets=3, base_rate=0.02, outage_median_s=90.0, interval_s=1800.0),
    HardwareClass(tag="rocm", targets=2, base_rate=0.05, outage_median_s=150.0, interval_s=1500.0),
    HardwareClass(tag="webgpu", targets=3, base_rate=0.1, outage_median_s=60.0, interval_s=1200.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultModel:
    """How faults behave.

    Attributes:
        hard_fail: The share of attempts that fail in a hard outage.
        grey_fail: The range of that share in partial outages.
        modes: Of a hard outage's failures the shares that fail fast, in the middle, and that hang to the time limit.
        grey_modes: The same in partial outages.
        fast_s: The mean of a fast failure's duration.
        hit: The share of running attempts that a beginning fault hits, of those that it would fail.
        as_crash: The share of a target's failures that shows as a crash.
        duration_sd: The standard deviation of the logarithm of durations.
        duration_uniform: Durations are uniform up to twice the median, not log-normal.
        relabelled: The share of failures and of crashes whose label is the other one.
        interval_factor: Multiplies the healthy time between faults.
    """

    hard_fail: float = 0.97
    grey_fail: tuple[float, float] = (0.35, 0.75)
    modes: tuple[float, float, float] = (0.55, 0.33, 0.12)
    grey_modes: tuple[float, float, float] = (0.35, 0.53, 0.12)
    fast_s: float = 2.0
    hit: float = 0.5
    as_crash: float = 0.15
    duration_sd: float = 0.7
    duration_uniform: bool = False
    relabelled: float = 0.0
    interval_factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryModel:
    """How good and how dear canaries are.

    Attributes:
        missed: The share of canaries that pass although a job would have failed.
        false_alarm: The share that fails on a healthy target.
        passed_s: How long one runs that passes.
        failed_s: How long one runs that fails.
    """

    missed: float = 0.03
    false_alarm: float = 0.01
    passed_s: float = 1.0
    failed_s: float = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a run is like, apart from its scenario and its seed.

    Attributes:
        measured_s: How long the measured part lasts.
        warm_up_s: How long it ran before, unmeasured.
        load: The share of the slots' time that the jobs take.
        slots: How many jobs a target runs at a time.
        pinned: The share of jobs that only one target may run.
        attempts: How many attempts a job has.
        group_medians_s: The range of the groups' median durations.
        groups: How many job groups there are.
        faults: How faults behave.
        canary: How canaries behave.
        base_rate_spread: How unlike the base rates of a class's targets are, as the standard deviation of logarithms.
    """

    measured_s: float = 7200.0
    warm_up_s: float = 1800.0
    load: float = 0.6
    slots: int = 3
    pinned: float = 0.5
    attempts: int = 4
    group_medians_s: tuple[float, float] = (4.0, 40.0)
    groups: int = 12
    faults: FaultModel = field(default_factory=FaultModel)
    canary: CanaryModel = field(default_factory=CanaryModel)
    base_rate_spread: float = 0.5

    @property
    def end_s(self) -> float:
        """When the last job arrives."""
        return self.warm_up_s + self.measured_s


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedTarget:
    """One target of the laboratory; ``index`` is its identity in draws."""

    index: int
    target: Target
    base_rate: float
    outage_median_s: float
    interval_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobGroup:
    """Jobs that fail together; durations are log-normal, ``crash_rate`` is their own share of crashes."""

    index: int
    name: str
    log_mean: float
    log_sd: float
    crash_rate: float

    @property
    def mean_s(self) -> float:
        """The mean duration."""
        return math.exp(self.log_mean + self.log_sd**2 / 2)

    @property
    def limit_s(self) -> float:
        """The time limit of its jobs: generous, as limits are."""
        return max(20.0, math.exp(self.log_mean + 3.0 * self.log_sd))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """Targets and job groups, drawn from a seed."""

    targets: tuple[SimulatedTarget, ...]
    groups: tuple[JobGroup, ...]


def draw_lab(seed: int, conditions: Conditions) -> Lab:
    """The laboratory of a seed: the same in all scenarios."""
    chance = generator(seed, LAB)
    targets: list[SimulatedTarget] = []
    for one in CLASSES:
        for number in range(one.targets):
            spread = conditions.base_rate_spread
            targets.append(
                SimulatedTarget(
                    index=len(targets),
                    target=Target(hardware=one.tag, name=f"{one.tag}-{number}"),
                    base_rate=min(max(one.base_rate * math.exp(chance.gauss(0, spread)), 0.001), 0.3),
                    outage_median_s=one.outage_median_s * math.exp(chance.gauss(0, 0.3)),
                    interval_s=one.interval_s * conditions.faults.interval_factor * math.exp(chance.gauss(0, 0.4)),
                )
            )
    low, high = (math.log(one) for one in conditions.group_medians_s)
    groups = tuple(
        JobGroup(
            index=index,
            name=f"suite-{index}",
            log_mean=chance.uniform(low, high),
            log_sd=chance.uniform(0.3, 0.6),
            crash_rate=math.exp(chance.uniform(math.log(0.001), math.log(0.03))),
        )
        for index in range(conditions.groups)
    )
    return Lab(targets=tuple(targets), groups=groups)
