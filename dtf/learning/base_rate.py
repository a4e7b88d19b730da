"""How often jobs fail on a target that is healthy."""

from collections import deque
from typing import Any, Final

from river import stats

from dtf.domain.learned import BASE_RATE_BOUNDS, DEFAULT_BASE_RATE

#: The weight of a new job: what is learned rests on about the last 200.
FADING: Final = 0.005

#: How many jobs' worth of evidence the prior counts for.
PRIOR_WEIGHT: Final = 25.0

#: How long a job's end waits before it is learned from: an outage is seen only after its first failures, and these
#: say nothing about a healthy target.
SETTLE_S: Final = 45.0


class BaseRate:
    """The faded share of failures among the jobs that ended while a target was healthy.

    What ends waits for ``SETTLE_S``; an opening in between drops it. River's mean is started with the default rate, and
    what is left of that start is taken out again, so that a target with few jobs is judged by its hardware alone.

    Attributes:
        count: How many jobs were learned from.
    """

    def __init__(self) -> None:
        self._mean = stats.EWMean(fading_factor=FADING)
        self._mean.update(DEFAULT_BASE_RATE)
        self._left = 1.0  # the weight of the start in the mean
        self._waiting: deque[tuple[float, float]] = deque()
        self.count = 0

    def observe(self, at: float, failed: float) -> None:
        """Take one job's end: 1 for a failure of the target, 0 for none, or the share that is the target's fault."""
        self._waiting.append((at, failed))
        self.settle(at)

    def settle(self, now: float) -> None:
        """Learn from what has waited for long enough."""
        while self._waiting and self._waiting[0][0] <= now - SETTLE_S:
            self._mean.update(self._waiting.popleft()[1])
            self._left *= 1.0 - FADING
            self.count += 1

    def drop(self) -> None:
        """Forget what waits: the target was not healthy."""
        self._waiting.clear()

    @property
    def weight(self) -> float:
        """How many jobs' worth of evidence there is."""
        return (1.0 - self._left) / FADING

    @property
    def failures(self) -> float:
        """How many of these failed."""
        return max(self._mean.get() - self._left * DEFAULT_BASE_RATE, 0.0) / FADING

    def rate(self, prior: float) -> float:
        """The rate, shrunk to that of its hardware, within the bounds."""
        low, high = BASE_RATE_BOUNDS
        return min(max((self.failures + PRIOR_WEIGHT * prior) / (self.weight + PRIOR_WEIGHT), low), high)

    def snapshot(self) -> dict[str, Any]:
        """All of it as JSON's types, what waits included."""
        return {
            "mean": self._mean.get(),
            "left": self._left,
            "count": self.count,
            "waiting": [list(one) for one in self._waiting],
        }

    @classmethod
    def restored(cls, data: dict[str, Any]) -> "BaseRate":
        """What a snapshot holds."""
        one = cls()
        one._mean = stats.EWMean(fading_factor=FADING)
        one._mean.update(data["mean"])
        one._left = data["left"]
        one.count = data["count"]
        one._waiting.extend((at, failed) for at, failed in data["waiting"])
        return one
