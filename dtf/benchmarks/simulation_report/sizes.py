"""How large simulated benchmarks are."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from dtf.benchmarks.simulation.arms.catalogue import ARMS
from dtf.benchmarks.simulation.conditions import CONDITIONS
from dtf.benchmarks.simulation.faults import Scenario
from dtf.benchmarks.simulation.lab import Conditions

_USUAL: Final = CONDITIONS["usual"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a simulated benchmark is.

    Attributes:
        conditions: Under which conditions, by name.
        scenarios: Which faults there are.
        seeds: How many of the first conditions; the others get a quarter of them.
        arms: Which.
        other_arms: Which of them there are under the other conditions; empty: all.
    """

    conditions: Mapping[str, Conditions]
    scenarios: tuple[Scenario, ...]
    seeds: int
    arms: tuple[str, ...]
    other_arms: tuple[str, ...] = ()

    def arms_of(self, variant: str) -> tuple[str, ...]:
        """The arms under some conditions."""
        if variant == next(iter(self.conditions)) or not self.other_arms:
            return self.arms
        return tuple(arm for arm in self.arms if arm in self.other_arms)

    def seeds_of(self, variant: str) -> int:
        """How many seeds there are under some conditions."""
        return self.seeds if variant == next(iter(self.conditions)) else max(self.seeds // 4, 1)


SIZES: Final[Mapping[str, Size]] = {
    # seconds: to see that it works
    "quick": Size(
        conditions={"short": replace(_USUAL, measured_s=900.0, warm_up_s=300.0)},
        scenarios=(Scenario.OUTAGE, Scenario.GREY, Scenario.QUIET),
        seeds=2,
        arms=("none", "strong fixed", "constants", "learned", "oracle"),
    ),
    "usual": Size(conditions={"usual": _USUAL}, scenarios=tuple(Scenario), seeds=8, arms=tuple(ARMS)),
    # an hour of processor time; under the other conditions those arms that say what the learned one is worth
    "comprehensive": Size(
        conditions=CONDITIONS,
        scenarios=tuple(Scenario),
        seeds=32,
        arms=tuple(ARMS),
        other_arms=(
            "none",
            "strong fixed",
            "tuned fixed",
            "constants",
            "tuned constants",
            "learned",
            "floor",
            "oracle",
        ),
    ),
}
