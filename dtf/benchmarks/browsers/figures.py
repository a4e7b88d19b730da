"""What is compared between arms."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dtf.benchmarks.browsers.measures import EpisodeFigures, RunFigures
from dtf.benchmarks.browsers.records import NONE
from dtf.benchmarks.report.intervals import Estimate, Parts, ratio, ratio_change

#: The seed of a schedule and an episode's number in it; what happened outside of all of a seed's episodes is one more.
Unit = tuple[int, int]
Units = Mapping[Unit, EpisodeFigures]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure by which arms are compared: a sum over episodes, or the ratio of two. The less, the better.

    Attributes:
        name: Its name in JSON.
        label: Its name for people.
        unit: Of the figure.
        top: What is added up.
        bottom: What that is divided by; None: by the number of episodes.
    """

    name: str
    label: str
    unit: str
    top: Callable[[EpisodeFigures], float]
    bottom: Callable[[EpisodeFigures], float] | None = None


RECOVERY: Final = Measure(
    name="struck_delay_s",
    label="recovery time of a struck job (from its arrival to its verdict)",
    unit="s",
    top=lambda one: one.struck_delay_s,
    bottom=lambda one: one.struck,
)
LOST: Final = Measure(
    name="struck_lost",
    label="struck jobs that fail in the end",
    unit="per episode",
    top=lambda one: one.struck_lost,
)
RESOURCES: Final = Measure(
    name="resource_s", label="resource-seconds burnt", unit="s per episode", top=lambda one: one.resource_s
)
AFFECTED_RECOVERY: Final = Measure(
    name="recovery_s",
    label="recovery time of an affected job",
    unit="s",
    top=lambda one: one.recovery_s,
    bottom=lambda one: one.affected,
)
RECOVERY_TOGETHER: Final = Measure(
    name="recovery_sum_s",
    label="recovery time of all affected jobs together",
    unit="s per episode",
    top=lambda one: one.recovery_s,
)
DELAY: Final = Measure(
    name="exposed_delay_s",
    label="delay of a job that came for a sick browser",
    unit="s",
    top=lambda one: one.exposed_delay_s,
    bottom=lambda one: one.exposed,
)
AFFECTED_LOST: Final = Measure(
    name="affected_lost",
    label="affected jobs that fail in the end",
    unit="per episode",
    top=lambda one: one.affected_lost,
)
#: The three by which the breaker is judged, then the others.
MEASURES: Final = (
    RECOVERY,
    LOST,
    RESOURCES,
    AFFECTED_RECOVERY,
    RECOVERY_TOGETHER,
    DELAY,
    AFFECTED_LOST,
    Measure(
        name="exposed_lost",
        label="jobs for a sick browser that fail in the end",
        unit="per episode",
        top=lambda one: one.exposed_lost,
    ),
    Measure(
        name="came_delay_s",
        label="delay of any job",
        unit="s",
        top=lambda one: one.came_delay_s,
        bottom=lambda one: one.came,
    ),
    Measure(
        name="came_waited_s",
        label="waiting of any job",
        unit="s",
        top=lambda one: one.came_waited_s,
        bottom=lambda one: one.came,
    ),
    Measure(name="affected", label="affected jobs", unit="per episode", top=lambda one: one.affected),
    Measure(
        name="failed_slot_s",
        label="slot-seconds of failed attempts",
        unit="s per episode",
        top=lambda one: one.failed_slot_s,
    ),
    Measure(
        name="canary_slot_s", label="slot-seconds of canaries", unit="s per episode", top=lambda one: one.canary_slot_s
    ),
    Measure(name="cpu_s", label="processor time of both", unit="s per episode", top=lambda one: one.cpu_s),
    Measure(name="blocked_s", label="healthy time lost", unit="s per episode", top=lambda one: one.blocked_s),
)


def by_unit(runs: Iterable[RunFigures]) -> dict[Unit, EpisodeFigures]:
    """The episodes of the runs of one arm."""
    return {(run.seed, number): one for run in runs for number, one in run.episodes.items()}


def estimate(measure: Measure, units: Units) -> Estimate:
    """A measure with its interval."""
    return ratio(_parts(measure, units, list(units)))


def change(measure: Measure, arm: Units, other: Units) -> Estimate:
    """By which share a measure is larger than another arm's, over the same episodes: -0.4 is 40 % less."""
    shared = [unit for unit in arm if unit in other]
    return ratio_change(_parts(measure, arm, shared), _parts(measure, other, shared))


def _parts(measure: Measure, units: Units, shared: Sequence[Unit]) -> Parts:
    """What is added up and what that is divided by, episode by episode; what is outside of them all is no episode."""
    if measure.bottom is None:
        below = [float(number != NONE) for _, number in shared]
    else:
        below = [float(measure.bottom(units[unit])) for unit in shared]
    return [measure.top(units[unit]) for unit in shared], below


def total(measure: Measure, units: Units) -> float:
    """What a measure adds up, over all episodes."""
    return float(sum(map(measure.top, units.values())))
