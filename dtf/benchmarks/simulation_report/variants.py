"""Under which conditions the laboratory is simulated."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from dtf.benchmarks.simulation.arms.catalogue import ARMS
from dtf.benchmarks.simulation.faults import Scenario
from dtf.benchmarks.simulation.lab import CanaryModel, Conditions, FaultModel

USUAL: Final = "as designed"
_BASE: Final = Conditions()
_SHORT: Final = replace(_BASE, measured_s=900.0, warm_up_s=300.0)

#: The conditions by their names; all but the first are unlike those that the breaker's constants were chosen under.
VARIANTS: Final[Mapping[str, Conditions]] = {
    USUAL: _BASE,
    "faults of another kind": replace(
        _BASE,
        faults=FaultModel(
            hard_fail=0.85,
            grey_fail=(0.2, 0.5),
            modes=(0.2, 0.3, 0.5),
            grey_modes=(0.1, 0.4, 0.5),
            fast_s=6.0,
            as_crash=0.4,
            duration_uniform=True,
            relabelled=0.3,
        ),
    ),
    "poor canaries": replace(_BASE, canary=CanaryModel(missed=0.5, false_alarm=0.05)),
    "jobs of minutes": replace(_BASE, group_medians_s=(60.0, 240.0)),
    "load 30 %": replace(_BASE, load=0.3),
    "load 85 %": replace(_BASE, load=0.85),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a simulated benchmark is.

    Attributes:
        conditions: Under which conditions, by name.
        scenarios: Which faults there are.
        seeds: How many of the first conditions; the others get a quarter of them.
        arms: Which.
    """

    conditions: Mapping[str, Conditions]
    scenarios: tuple[Scenario, ...]
    seeds: int
    arms: tuple[str, ...]

    def seeds_of(self, variant: str) -> int:
        """How many seeds there are under some conditions."""
        return self.seeds if variant == next(iter(self.conditions)) else max(self.seeds // 4, 1)


SIZES: Final[Mapping[str, Size]] = {
    # seconds: to see that it works
    "quick": Size(
        conditions={"a quarter of an hour": _SHORT},
        scenarios=(Scenario.OUTAGE, Scenario.GREY, Scenario.QUIET),
        seeds=2,
        arms=("none", "strong fixed", "constants", "learned", "oracle"),
    ),
    "usual": Size(conditions={USUAL: _BASE}, scenarios=tuple(Scenario), seeds=8, arms=tuple(ARMS)),
    "comprehensive": Size(conditions=VARIANTS, scenarios=tuple(Scenario), seeds=32, arms=tuple(ARMS)),
}
