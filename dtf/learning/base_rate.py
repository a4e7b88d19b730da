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

#: No more wait: after so many calls an outage would have been seen, however short the time.
MOST_WAITING: Final = 200


class BaseRate:
    """The faded share of failures among the jobs that ended while a target was healthy.

    What ends waits for ``SETTLE_S`` or ``MOST_WAITING`` more, and while the breaker is not closed. An opening that was
    borne out drops what waits. One that came by chance does not: without the failures that led there the rate would
    seem lower than it is. River's mean is started with the default rate, and what is left of that start is taken out
    again, so that a target with few jobs is judged by its hardware alone.

    Attributes:
        count: How many jobs were learned from.
    """

    def __init__(self) -> None:
        self._mean = stats.EWMean(fading_factor=FADING)
        self._mean.update(DEFAULT_BASE_RATE)
        self._left = 1.0  # the weight of the start in the mean
        self._waiting: deque[tuple[float, float]] = deque()
        self._failing = 0.0  # how many of those that wait failed
        self._is_held = False
        self.count = 0

    def observe(self, at: float, failed: float) -> None:
        """Take one job's end: 1 for a failure of the target, 0 for none, or the share that is the target's fault."""
        if len(self._waiting) <= 2 * MOST_WAITING:
            self._waiting.append((at, failed))
            self._failing += failed
        self.settle(at)

    def settle(self, now: float) -> None:
        """Learn from what has waited for long enough."""
        while not self._is_held and self._waiting and self._is_settled(now):
            self._learn_one()

    def _learn_one(self) -> None:
        _, failed = self._waiting.popleft()
        self._failing = self._failing - failed if self._waiting else 0.0
        self._mean.update(failed)
        self._left *= 1.0 - FADING
        self.count += 1

    def _is_settled(self, now: float) -> bool:
        return len(self._waiting) > MOST_WAITING or self._waiting[0][0] <= now - SETTLE_S

    def hold(self) -> None:
        """Take, and learn nothing until it is known whether the target is healthy."""
        self._is_held = True

    def go_on(self, *, healthy: bool) -> None:
        """Learn again: from what waited if the target was healthy, and else it is forgotten."""
        while healthy and self._waiting:
            self._learn_one()
        self._waiting.clear()
        self._failing = 0.0
        self._is_held = False

    @property
    def waiting(self) -> int:
        """How many jobs wait to be learned from."""
        return len(self._waiting)

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
        return _shrunk(self.failures, self.weight, prior, PRIOR_WEIGHT)

    def rate_so_far(self, prior: float, prior_weight: float = PRIOR_WEIGHT) -> float:
        """The same with what waits: should the target turn out to be healthy, that is its rate."""
        return _shrunk(self.failures + self._failing, self.weight + len(self._waiting), prior, prior_weight)

    def snapshot(self) -> dict[str, Any]:
        """All of it as JSON's types, what waits included."""
        return {
            "mean": self._mean.get(),
            "left": self._left,
            "count": self.count,
            "held": self._is_held,
            "waiting": [list(one) for one in self._waiting],
        }

    @classmethod
    def restored(cls, data: dict[str, Any]) -> "BaseRate":
        """What a snapshot holds."""
        one = cls()
        one._mean = stats.EWMean(fading_factor=FADING)
        one._mean.update(data["mean"])
        one._left = data["left"]
        one._is_held = data.get("held", False)
        one.count = data["count"]
        one._waiting.extend((at, failed) for at, failed in data["waiting"])
        one._failing = sum(failed for _, failed in one._waiting)
        return one


def _shrunk(failures: float, weight: float, prior: float, prior_weight: float) -> float:
    low, high = BASE_RATE_BOUNDS
    return min(max((failures + prior_weight * prior) / (weight + prior_weight), low), high)
