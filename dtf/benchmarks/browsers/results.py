"""The runs of a benchmark, measured: by arm, with totals and what changed between arms."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from dtf.benchmarks.browsers.arms.catalogue import ARMS, FIXED, NONE
from dtf.benchmarks.browsers.figures import (
    MEASURES,
    Measure,
    Units,
    by_unit,
    change,
    estimate,
)
from dtf.benchmarks.browsers.groups import COMPARED, Group, groups_of
from dtf.benchmarks.browsers.measures import RunFigures, measure_run
from dtf.benchmarks.browsers.records import RunRecord
from dtf.benchmarks.browsers.schedule import Schedule
from dtf.benchmarks.browsers.struck import Struck, struck_by_seed
from dtf.benchmarks.report.intervals import Estimate

#: What the others are compared with.
REFERENCES = (NONE, FIXED)

#: Of which jobs the success is told: the same ones in every arm, and those of the arm itself.
POPULATIONS = ("struck", "affected")

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Results:
    """The runs of a benchmark, measured.

    Attributes:
        records: The raw data of all runs.
    """

    records: tuple[RunRecord, ...]

    @cached_property
    def schedules(self) -> tuple[Schedule, ...]:
        """The schedules, by their seeds."""
        return tuple({record.schedule.seed: record.schedule for record in self.records}.values())

    @cached_property
    def struck(self) -> Mapping[int, Struck]:
        """The struck jobs of each seed: of any of the arms that are here."""
        return struck_by_seed(self.records)

    @cached_property
    def runs(self) -> Mapping[str, Sequence[RunFigures]]:
        """What each arm's runs came to, in the order of reports."""
        measured = [measure_run(record, struck=self.struck[record.schedule.seed]) for record in self.records]
        return {arm: of_it for arm in ARMS if (of_it := [run for run in measured if run.arm == arm])}

    @cached_property
    def units(self) -> Mapping[str, Units]:
        """Each arm's episodes."""
        return {arm: by_unit(runs) for arm, runs in self.runs.items()}

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The groups of episodes."""
        return tuple(groups_of(self.schedules))

    @cached_property
    def totals(self) -> Mapping[str, Mapping[str, Estimate]]:
        """Each arm's figures, by measure."""
        return {arm: {one.name: estimate(one, units) for one in MEASURES} for arm, units in self.units.items()}

    def change(self, arm: str, other: str, measure: Measure, group: Group | None = None) -> Estimate:
        """By how much a measure of an arm is larger than another's."""
        mine, theirs = self.units.get(arm, {}), self.units.get(other, {})
        if group is not None:
            mine, theirs = group.of(mine), group.of(theirs)
        return change(measure, mine, theirs)

    def success(self, arm: str, of: str = "struck") -> tuple[int, int]:
        """How many jobs of an arm were struck, or affected, and how many of these had a verdict in the end."""
        count = int(self.sum_episodes(arm, of))
        return count, count - int(self.sum_episodes(arm, f"{of}_lost"))

    def sum(self, arm: str, name: str) -> float:
        """A figure of an arm's runs, added up."""
        return float(sum(getattr(run, name) for run in self.runs[arm]))

    def sum_episodes(self, arm: str, name: str) -> float:
        """A figure of an arm's episodes, added up."""
        return float(sum(getattr(one, name) for one in self.units[arm].values()))

    def restricted(self, arm: str, longest_s: float) -> Units:
        """An arm's episodes with another restriction of recovery times and delays."""
        return by_unit(
            measure_run(record, longest_s, struck=self.struck[record.schedule.seed])
            for record in self.records
            if record.arm == arm
        )

    def to_json(self) -> Json:
        """All figures, as JSON's types."""
        return {
            "totals": {arm: _estimates(figures) for arm, figures in self.totals.items()},
            "success": {arm: {of: self._success(arm, of) for of in POPULATIONS} for arm in self.runs},
            "changes": {other: self._changes(other, None) for other in REFERENCES if other in self.runs},
            "groups": [
                {
                    "kind": group.kind,
                    "name": group.name,
                    "episodes": len(group.units),
                    "changes": {other: self._changes(other, group) for other in REFERENCES if other in self.runs},
                }
                for group in self.groups
            ],
            "runs": [_run(run) for runs in self.runs.values() for run in runs],
        }

    def _success(self, arm: str, of: str) -> Json:
        jobs, judged = self.success(arm, of)
        return {"jobs": jobs, "with a verdict": judged, "share": _rounded(judged / jobs) if jobs else None}

    def _changes(self, other: str, group: Group | None) -> Json:
        measures: Iterable[Measure] = MEASURES if group is None else COMPARED
        return {
            arm: _estimates({one.name: self.change(arm, other, one, group) for one in measures})
            for arm in self.runs
            if arm != other
        }


def _estimates(figures: Mapping[str, Estimate]) -> Json:
    return {name: {key: _rounded(value) for key, value in asdict(one).items()} for name, one in figures.items()}


def _run(run: RunFigures) -> Json:
    told = {name: value for name, value in asdict(run).items() if name != "episodes"}
    episodes = {
        str(number): {name: _rounded(value) for name, value in asdict(one).items()}
        for number, one in run.episodes.items()
    }
    return {**{name: _rounded(value) for name, value in told.items()}, "episodes": episodes}


def _rounded(value: Any) -> Any:  # noqa: ANN401  # JSON has no narrower type
    return round(value, 4) if isinstance(value, float) else value
