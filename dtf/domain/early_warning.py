"""Warnings of openings: by what they are given, how good they are, and from when on they are acted on."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

#: What is foreseen: an opening within so many seconds.
HORIZON_S: Final = 60.0

#: Warnings are acted on once the lower bound of the precision of the last ones is at least this, and there are at least
#: so many of them.
BAR: Final = 0.6
FEWEST_WARNINGS: Final = 30

#: The share of warnings that are not acted on, so that it is seen what would have come without.
UNTREATED: Final = 0.08

#: 95 % of a normal distribution lie above minus so many standard deviations.
_ONE_SIDED: Final = 1.645


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """How a target is; None: that is not known of it.

    Attributes:
        memory: The share of its memory in use.
        temperature: In degrees Celsius.
        latency_drift: By how much jobs run longer than their groups do, as a logarithm.
        failure_rate: The share of its last jobs that failed.
    """

    memory: float | None = None
    temperature: float | None = None
    latency_drift: float | None = None
    failure_rate: float | None = None

    @property
    def known(self) -> dict[str, float]:
        """What is known, by name."""
        return {name: float(value) for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forewarning:
    """What the model says of a target.

    Attributes:
        probability: That its breaker opens within ``HORIZON_S``.
        warns: Whether that is enough to warn.
        acts: Whether something is to be done now: a warning begins, warnings have earned it, and this one is not left
            untreated.
    """

    probability: float
    warns: bool
    acts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningTally:
    """What came of the last warnings. Those that were acted on are not counted, as nobody knows what would have come.

    A warning lasts for ``HORIZON_S`` or until the opening, however often its target was looked at meanwhile.

    Attributes:
        warnings: How many there were.
        right: After how many of them the breaker opened in time.
        openings: How many openings there were, of targets that had been looked at just before.
        foreseen: How many of these had been warned of.
        lead_s: By how much earlier these were warned of on average, in seconds.
    """

    warnings: int = 0
    right: int = 0
    openings: int = 0
    foreseen: int = 0
    lead_s: float = 0.0

    @property
    def precision(self) -> float:
        """The share of warnings that were right; 0 where there was none."""
        return self.right / self.warnings if self.warnings else 0.0

    @property
    def recall(self) -> float:
        """The share of openings that were foreseen; 0 where there was none."""
        return self.foreseen / self.openings if self.openings else 0.0

    @property
    def precision_bound(self) -> float:
        """The lower bound of the precision (Wilson's, one-sided, 95 %)."""
        if not self.warnings:
            return 0.0
        n, share, z = self.warnings, self.precision, _ONE_SIDED
        centre = share + z * z / (2 * n)
        spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        return (centre - spread) / (1 + z * z / n)

    @property
    def earned(self) -> bool:
        """Whether warnings may be acted on."""
        return self.warnings >= FEWEST_WARNINGS and self.precision_bound >= BAR


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetWarnings:
    """What is foreseen for a target.

    Attributes:
        probability: That its breaker opens within ``HORIZON_S``, when it was last looked at.
        at: When that was, in seconds since the epoch.
        vitals: What it was judged by; what is not known of it is not there.
        tally: What came of its warnings.
    """

    probability: float
    at: float
    vitals: Mapping[str, float] = field(default_factory=dict)
    tally: WarningTally = field(default_factory=WarningTally)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyWarnings:
    """What the model of openings has shown so far.

    Attributes:
        tally: What came of all its warnings.
        looks: How many looks at closed targets have been judged.
        followed: How many of these an opening followed in time: what a warning at random would be worth.
        canaries: How many warnings were acted on.
        targets: By the target's text.
    """

    tally: WarningTally = field(default_factory=WarningTally)
    looks: int = 0
    followed: int = 0
    canaries: int = 0
    targets: Mapping[str, TargetWarnings] = field(default_factory=dict)

    @property
    def chance(self) -> float:
        """The precision of warnings at random."""
        return self.followed / self.looks if self.looks else 0.0
