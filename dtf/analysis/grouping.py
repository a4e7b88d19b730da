"""Samples put together to fewer that stand for longer."""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby

from dtf.domain.ports.samples import Sample


def grouped(samples: Iterable[Sample], step_s: int) -> list[Sample]:
    """One sample for each step in which there are some.

    Args:
        samples: In the order of time.
        step_s: How long each of the result stands for, in seconds.
    """
    by_step = groupby(samples, lambda sample: math.floor(sample.at / step_s) * step_s)
    return [_together(float(at), list(of)) for at, of in by_step]


def step_for(seconds: float, step_s: int, most_points: int) -> int:
    """The least multiple of a step that is in a time at most so often, in seconds."""
    return step_s * max(1, math.ceil(seconds / (step_s * most_points)))


def _together(at: float, samples: Sequence[Sample]) -> Sample:
    count = sum(sample.count for sample in samples)
    return Sample(
        at=at,
        mean=sum(sample.mean * sample.count for sample in samples) / count,
        low=min(sample.low for sample in samples),
        high=max(sample.high for sample in samples),
        count=count,
    )
