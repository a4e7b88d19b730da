"""What the learner publishes and breakers read: plain values, and the defaults before anything is learned."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from dtf.domain.breaker import Target
from dtf.domain.early_warning import EarlyWarnings

#: The failure rate of a healthy target that nothing is known about.
DEFAULT_BASE_RATE: Final = 0.02

#: The bounds of a learned base rate: below, one failure would say too much; above, failures would say nothing.
BASE_RATE_BOUNDS: Final = (0.004, 0.35)

#: How often a healthy target turns bad, per second, where nothing is known: once in an hour.
DEFAULT_HAZARD_PER_S: Final = 1 / 3600

#: The log-normal distribution of outages where nothing is known: half of them are over after a minute.
DEFAULT_OUTAGE_LOG_MEAN: Final = 4.1
DEFAULT_OUTAGE_LOG_SD: Final = 1.0

#: How often the jobs of a group that nothing is known about crash by themselves.
DEFAULT_GROUP_RATE: Final = 0.025


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedTarget:
    """What is known of a target, or of all targets of a hardware.

    Attributes:
        base_rate: How often jobs fail on it while it is healthy (p0).
        hazard_per_s: How often it turns bad, per second of health (lambda).
        outage_log_mean: The mean of the logarithm of its outages' seconds.
        outage_log_sd: The standard deviation of that.
        latency_drift: By how much jobs run longer than their groups do, as a logarithm: 0.1 is a tenth longer.
        drift_detected: Whether its latency has just left what it was.
        reopen_rate: The share of closings after which it opened again within a minute.
        sibling_rate: The share of openings beside which a sibling opened as well.
        evidence: How many pieces of evidence this rests on.
        outages: How many outages it rests on.
    """

    base_rate: float = DEFAULT_BASE_RATE
    hazard_per_s: float = DEFAULT_HAZARD_PER_S
    outage_log_mean: float = DEFAULT_OUTAGE_LOG_MEAN
    outage_log_sd: float = DEFAULT_OUTAGE_LOG_SD
    latency_drift: float = 0.0
    drift_detected: bool = False
    reopen_rate: float = 0.0
    sibling_rate: float = 0.0
    evidence: int = 0
    outages: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedGroup:
    """What is known of a job group.

    Attributes:
        failure_rate: How often its jobs crash where the target is healthy (pj).
        duration_log_mean: The mean of the logarithm of its jobs' seconds.
        duration_log_sd: The standard deviation of that; 0: too few jobs to tell.
        evidence: How many pieces of evidence this rests on.
    """

    failure_rate: float = DEFAULT_GROUP_RATE
    duration_log_mean: float = 0.0
    duration_log_sd: float = 0.0
    evidence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """One publication of the learner.

    Attributes:
        version: Rises by one with each publication.
        at: Seconds since the epoch when it was made; a reader judges by it what is stale.
        targets: By the target's text, ``hardware/name``.
        hardware: By the hardware tag: what a target is taken for that is not among the targets.
        groups: By the job group's name.
        early_warning: What the model of openings has shown; None: this learner has none.
    """

    version: int = 0
    at: float = 0.0
    targets: Mapping[str, LearnedTarget] = field(default_factory=dict)
    hardware: Mapping[str, LearnedTarget] = field(default_factory=dict)
    groups: Mapping[str, LearnedGroup] = field(default_factory=dict)
    early_warning: EarlyWarnings | None = None

    def target(self, target: Target) -> LearnedTarget:
        """What is known of a target, else of its hardware, else the defaults; only its own evidence counts as such."""
        known = self.targets.get(str(target))
        if known is None and target.hardware in self.hardware:
            return replace(self.hardware[target.hardware], evidence=0)
        return known or _DEFAULT_TARGET

    def group(self, name: str) -> LearnedGroup:
        """What is known of a job group, else the defaults."""
        return self.groups.get(name) or _DEFAULT_GROUP


_DEFAULT_TARGET: Final = LearnedTarget()
_DEFAULT_GROUP: Final = LearnedGroup()
