"""What simulated runs came to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final

from dtf.benchmarks.report.intervals import Estimate, Parts, ratio, ratio_change
from dtf.benchmarks.simulation_report.runs import Cell, Figures

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure by which arms are compared: a sum over scenarios, or the ratio of two. The less, the better.

    Attributes:
        name: Its name in JSON.
        label: Its name for people.
        unit: Of the figure.
        top: The measure that is added up.
        bottom: What that is divided by; empty: by the number of runs.
    """

    name: str
    label: str
    unit: str
    top: str
    bottom: str = ""


J2: Final = Measure(name="j2", label="J2", unit="s", top="j2")
WAITING: Final = Measure(name="waiting_s", label="waiting of a job", unit="s", top="waiting_s", bottom="jobs")
DELAY: Final = Measure(
    name="exposed_delay_s",
    label="delay of a job that came for a sick target",
    unit="s",
    top="exposed_delay_s",
    bottom="exposed",
)
MEASURES: Final = (
    J2,
    WAITING,
    Measure(name="recovery_s", label="recovery time of an affected job", unit="s", top="recovery_s", bottom="affected"),
    Measure(name="lost", label="good jobs lost", unit="", top="lost"),
    DELAY,
    Measure(name="burnt_s", label="slot-seconds burnt", unit="s", top="burnt_s"),
    Measure(name="blocked_s", label="healthy slot-seconds blocked", unit="s", top="blocked_s"),
    Measure(name="false_trips", label="false trips per healthy hour", unit="", top="false_trips", bottom="healthy_h"),
    Measure(name="detection_s", label="detection of a fault", unit="s", top="detection_s", bottom="episodes"),
)


@dataclass(frozen=True, kw_only=True)
class Results:
    """What simulated runs came to.

    Attributes:
        runs: The runs and their figures.
    """

    runs: Mapping[Cell, Figures]

    @cached_property
    def arms(self) -> tuple[str, ...]:
        """The arms, in the order of reports."""
        return tuple(dict.fromkeys(cell.arm for cell in self.runs))

    @cached_property
    def variants(self) -> tuple[str, ...]:
        """The conditions."""
        return tuple(dict.fromkeys(cell.variant for cell in self.runs))

    @cached_property
    def scenarios(self) -> tuple[str, ...]:
        """The scenarios."""
        return tuple(dict.fromkeys(name for figures in self.runs.values() for name in figures))

    def seeds(self, variant: str) -> tuple[int, ...]:
        """The seeds under some conditions."""
        return tuple(dict.fromkeys(cell.seed for cell in self.runs if cell.variant == variant))

    def estimate(self, arm: str, measure: Measure, *, variant: str = "", scenario: str = "") -> Estimate:
        """A measure of an arm, by runs; under the first conditions and over all scenarios unless told."""
        return ratio(self._parts(arm, measure, variant, scenario))

    def change(self, arm: str, other: str, measure: Measure, *, variant: str = "", scenario: str = "") -> Estimate:
        """By how much a measure of an arm is larger than another's, over the same seeds; not every arm has all runs."""
        mine, theirs = (self._parts(one, measure, variant, scenario) for one in (arm, other))
        if len(mine[0]) != len(theirs[0]):
            return Estimate(value=None, low=None, high=None)
        return ratio_change(mine, theirs)

    def to_json(self, references: Sequence[str]) -> Json:
        """All figures, as JSON's types."""
        return {
            "totals": {arm: {one.name: asdict(self.estimate(arm, one)) for one in MEASURES} for arm in self.arms},
            "changes": {other: self._changes(other) for other in references if other in self.arms},
            "runs": self._table(),
        }

    def _table(self) -> Json:
        """A row for each run: what it was, and all that was measured."""
        names = next((list(one) for figures in self.runs.values() for one in figures.values()), [])
        rows = [
            [cell.variant, cell.seed, cell.arm, scenario, *(one[name] for name in names)]
            for cell, figures in self.runs.items()
            for scenario, one in figures.items()
        ]
        return {"columns": ["conditions", "seed", "arm", "scenario", *names], "rows": rows}

    def _changes(self, other: str) -> Json:
        arms = [arm for arm in self.arms if arm != other]
        return {arm: {one.name: asdict(self.change(arm, other, one)) for one in MEASURES} for arm in arms}

    def _parts(self, arm: str, measure: Measure, variant: str, scenario: str) -> Parts:
        variant = variant or self.variants[0]
        kept = [figures for cell, figures in self.runs.items() if (cell.arm, cell.variant) == (arm, variant)]
        sums = [[figures[name] for name in ([scenario] if scenario else figures)] for figures in kept]
        above = [sum(one[measure.top] for one in run) for run in sums]
        if not measure.bottom:
            return above, [1.0] * len(above)
        return above, [sum(one[measure.bottom] for one in run) for run in sums]
