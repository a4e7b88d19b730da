"""What is compared between arms, and the intervals: bootstrap over paired episodes."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from dtf.benchmarks.browsers.measures import EpisodeFigures, RunFigures

#: How often episodes are drawn anew, and the share of what is drawn that lies outside of an interval.
_DRAWS: Final = 2000
_OUTSIDE: Final = 0.05
_SEED: Final = 20261122
#: Of fewer episodes the spread is not told.
_FEWEST: Final = 6

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
    name="recovery_s",
    label="recovery time of an affected job",
    unit="s",
    top=lambda one: one.recovery_s,
    bottom=lambda one: one.affected,
)
LOST: Final = Measure(
    name="affected_lost",
    label="affected jobs that fail in the end",
    unit="per episode",
    top=lambda one: one.affected_lost,
)
RESOURCES: Final = Measure(
    name="resource_s", label="resource-seconds burnt", unit="s per episode", top=lambda one: one.resource_s
)
DELAY: Final = Measure(
    name="exposed_delay_s",
    label="delay of a job that came for a sick browser",
    unit="s",
    top=lambda one: one.exposed_delay_s,
    bottom=lambda one: one.exposed,
)
#: The three by which the breaker is judged, then the others.
MEASURES: Final = (
    RECOVERY,
    LOST,
    RESOURCES,
    DELAY,
    Measure(
        name="exposed_lost",
        label="jobs for a sick browser that fail in the end",
        unit="per episode",
        top=lambda one: one.exposed_lost,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure with its interval of 95 %; None: there is nothing to tell it from, or too little.

    Attributes:
        value: The figure.
        low: The lower end.
        high: The upper end.
    """

    value: float | None
    low: float | None = None
    high: float | None = None


def by_unit(runs: Iterable[RunFigures]) -> dict[Unit, EpisodeFigures]:
    """The episodes of the runs of one arm."""
    return {(run.seed, number): one for run in runs for number, one in run.episodes.items()}


def estimate(measure: Measure, units: Units) -> Estimate:
    """A measure with its interval."""
    own = _parts(measure, units.values())
    return _with_interval(lambda drawn: _ratio(own, drawn), len(units))


def change(measure: Measure, arm: Units, other: Units) -> Estimate:
    """By which share a measure is larger than another arm's, over the same episodes: -0.4 is 40 % less."""
    units = [unit for unit in arm if unit in other]
    mine, theirs = (_parts(measure, (side[unit] for unit in units)) for side in (arm, other))

    def of(drawn: Sequence[int]) -> float | None:
        here, there = _ratio(mine, drawn), _ratio(theirs, drawn)
        return here / there - 1 if here is not None and there else None

    return _with_interval(of, len(units))


_Parts = tuple[Sequence[float], Sequence[float]]


def _parts(measure: Measure, episodes: Iterable[EpisodeFigures]) -> _Parts:
    """What is added up and what that is divided by, episode by episode."""
    kept = list(episodes)
    return [measure.top(one) for one in kept], [measure.bottom(one) if measure.bottom else 1.0 for one in kept]


def _ratio(parts: _Parts, drawn: Sequence[int]) -> float | None:
    above, below = parts
    whole = sum([below[at] for at in drawn])
    return sum([above[at] for at in drawn]) / whole if whole else None


@cache
def _draws(count: int) -> tuple[Sequence[int], ...]:
    """Episodes drawn anew: the same draws for all figures."""
    chance = random.Random(_SEED)  # noqa: S311  # seeded chance is not cryptography
    return tuple(chance.choices(range(count), k=count) for _ in range(_DRAWS))


def _with_interval(of: Callable[[Sequence[int]], float | None], count: int) -> Estimate:
    value = of(range(count))
    if value is None or count < _FEWEST:
        return Estimate(value=value)
    drawn = sorted(one for one in map(of, _draws(count)) if one is not None)
    if len(drawn) < _DRAWS / 2:  # most draws had nothing to divide by
        return Estimate(value=value)
    cut = len(drawn) * _OUTSIDE / 2
    return Estimate(value=value, low=drawn[int(cut)], high=drawn[int(len(drawn) - cut) - 1])
