"""Ratios of sums with their intervals: bootstrap over what was drawn independently, pairs kept together."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

#: How often units are drawn anew, and the share of what is drawn that lies outside of an interval.
_DRAWS: Final = 2000
_OUTSIDE: Final = 0.05
_SEED: Final = 20261122
#: Of fewer units the spread is not told.
_FEWEST: Final = 6

#: What is added up, and what that is divided by, unit by unit.
Parts = tuple[Sequence[float], Sequence[float]]


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


def ratio(parts: Parts) -> Estimate:
    """A ratio of two sums."""
    return _with_interval(lambda drawn: _ratio(parts, drawn), range(len(parts[0])), is_told=any(parts[0]))


def ratio_change(mine: Parts, theirs: Parts) -> Estimate:
    """By which share a ratio is larger than another one of the same units: -0.4 is 40 % less."""

    def of(drawn: Sequence[int]) -> float | None:
        here, there = _ratio(mine, drawn), _ratio(theirs, drawn)
        return here / there - 1 if here is not None and there else None

    return _with_interval(of, range(len(mine[0])), is_told=any(mine[0]))


def _ratio(parts: Parts, drawn: Sequence[int]) -> float | None:
    above, below = parts
    whole = sum([below[at] for at in drawn])
    return sum([above[at] for at in drawn]) / whole if whole else None


@cache
def _draws(count: int) -> tuple[Sequence[int], ...]:
    """Units drawn anew: the same draws for all figures."""
    chance = random.Random(_SEED)  # noqa: S311  # seeded chance is not cryptography
    return tuple(chance.choices(range(count), k=count) for _ in range(_DRAWS))


def _with_interval(of: Callable[[Sequence[int]], float | None], units: range, *, is_told: bool) -> Estimate:
    """A figure with its interval, if its spread can be told: what never happened has none in what is drawn anew."""
    value = of(units)
    if value is None or len(units) < _FEWEST or not is_told:
        return Estimate(value=value)
    drawn = sorted(one for one in map(of, _draws(len(units))) if one is not None)
    if len(drawn) < _DRAWS / 2:  # most draws had nothing to divide by
        return Estimate(value=value)
    cut = len(drawn) * _OUTSIDE / 2
    return Estimate(value=value, low=drawn[int(cut)], high=drawn[int(len(drawn) - cut) - 1])
