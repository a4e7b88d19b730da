"""Quantiles of measured times, with the interval in which the true one lies."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: How sure the intervals are.
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """An estimate of a quantile.

    Attributes:
        value: The estimate: the order statistic of rank ``ceil(n * q)``.
        low: The lower end of the interval; None: there are too few samples for one.
        high: The upper end; None likewise. A p95 has one from 72 samples on, a p99 from 368.
    """

    value: float
    low: float | None
    high: float | None


def quantile(samples: Sequence[float], q: float, confidence: float = CONFIDENCE) -> Quantile:
    """Estimate a quantile from samples.

    The interval is the binomial one of order statistics: of n independent samples, the number below the true quantile
    is binomial with n and q, whatever the distribution. Its ends are the samples outside of which the true quantile
    lies with a probability of at most half of ``1 - confidence`` on each side. See Hahn and Meeker, "Statistical
    Intervals", section 5.2.

    Args:
        samples: In any order and unit; at least one.
        q: Between 0 and 1.
        confidence: How sure the interval is.

    Raises:
        ValueError: There is no sample, or q is not between 0 and 1.
    """
    if not samples or not 0 < q < 1:
        raise ValueError("a quantile needs samples, and q between 0 and 1")
    ordered = sorted(samples)
    count = len(ordered)
    low, high = _ranks(count, q, (1 - confidence) / 2)
    # the product may miss a whole number by a rounding
    rank = max(1, math.ceil(count * q - 1e-9))
    return Quantile(
        value=ordered[rank - 1],
        low=ordered[low - 1] if low >= 1 else None,
        high=ordered[high - 1] if high <= count else None,
    )


def _ranks(count: int, q: float, tail: float) -> tuple[int, int]:
    """The ranks of the interval's ends, from 1; 0 and ``count + 1`` where there is none.

    The lower rank l is the largest with P(B < l) <= tail, the upper u the smallest with P(B >= u) <= tail.
    """
    low, high = 0, count + 1
    below = 0.0
    for rank in range(1, count + 1):
        below += _mass(count, rank - 1, q)  # P(B < rank)
        if below <= tail:
            low = rank
        if 1 - below <= tail:
            high = rank
            break
    return low, high


def _mass(count: int, hits: int, q: float) -> float:
    """The binomial probability of exactly so many hits, by logarithms so that nothing overflows."""
    ways = math.lgamma(count + 1) - math.lgamma(hits + 1) - math.lgamma(count - hits + 1)
    return math.exp(ways + hits * math.log(q) + (count - hits) * math.log1p(-q))
