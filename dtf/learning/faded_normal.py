"""A normal distribution over what was seen lately."""

import math
from typing import Any


class FadedNormal:
    """Mean and standard deviation from faded counts, shrunk to a prior.

    Attributes:
        weight: How many values' worth of evidence there is.
        mean: Their mean.
        squares: The sum of squared distances from it, faded.
    """

    __slots__ = ("_fading", "mean", "squares", "weight")

    def __init__(self, fading: float) -> None:
        self._fading = fading
        self.weight = self.mean = self.squares = 0.0

    def update(self, value: float) -> None:
        """Take one value."""
        keep = 1.0 - self._fading
        self.weight = self.weight * keep + 1.0
        distance = value - self.mean
        self.mean += distance / self.weight
        self.squares = self.squares * keep + distance * (value - self.mean)

    def shrunk(self, mean: float, sd: float, prior_weight: float) -> tuple[float, float]:
        """Mean and standard deviation as though the prior had been seen ``prior_weight`` times."""
        total = self.weight + prior_weight
        if total <= 0:
            return mean, sd
        centre = (self.weight * self.mean + prior_weight * mean) / total
        between = self.weight * prior_weight / total * (self.mean - mean) ** 2
        return centre, math.sqrt((self.squares + prior_weight * sd * sd + between) / total)

    def snapshot(self) -> list[float]:
        """All of it as JSON's types."""
        return [self.weight, self.mean, self.squares]

    @classmethod
    def restored(cls, fading: float, data: list[Any]) -> "FadedNormal":
        """What a snapshot holds."""
        one = cls(fading)
        one.weight, one.mean, one.squares = data
        return one
