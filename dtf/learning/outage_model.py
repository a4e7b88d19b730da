"""How often something turns bad and for how long."""

import math
from typing import Any, Final

from dtf.domain.learned import DEFAULT_HAZARD_PER_S, DEFAULT_OUTAGE_LOG_MEAN, DEFAULT_OUTAGE_LOG_SD
from dtf.learning.faded_normal import FadedNormal

#: The weight of a new outage: what is learned rests on about the last thirty.
FADING: Final = 0.03

#: How many openings the prior hazard counts for, and how many outages the prior durations.
HAZARD_WEIGHT: Final = 1.0
DURATION_WEIGHT: Final = 3.0

#: The time between two learners counts as healthy if it was no longer, in seconds: in a longer one there may have been
#: no cluster at all.
HANDED_OVER_S: Final = 120.0

#: The shortest outage whose duration is taken as it is, in seconds.
SHORTEST_S: Final = 1.0


class OutageModel:
    """A Gamma count of openings over healthy time, and log-normal durations of what lay between opening and closing.

    Attributes:
        openings: How often it opened.
        healthy_s: How long it was closed, as far as transitions told.
        durations: The logarithm of its outages' seconds.
    """

    def __init__(self) -> None:
        self.openings = 0.0
        self.healthy_s = 0.0
        self.durations = FadedNormal(FADING)
        self._opened_at: float | None = None
        self._closed_at: float | None = None
        self._is_restored = False

    @property
    def opened_at(self) -> float | None:
        """When it opened; None: it is closed."""
        return self._opened_at

    def opened(self, at: float) -> None:
        """It opened; that counts until it is known to be chance."""
        if self._opened_at is None:
            self.account(at)
            self.openings += 1.0
            self._opened_at, self._closed_at = at, None

    def closed(self, at: float, *, borne_out: bool) -> None:
        """It closed: after an outage, or after an opening by chance, when it was healthy all along."""
        if self._opened_at is not None and borne_out:
            self.durations.update(math.log(max(at - self._opened_at, SHORTEST_S)))
        elif self._opened_at is not None:
            self.openings -= 1.0
            self.healthy_s += max(at - self._opened_at, 0.0)
        self._opened_at, self._closed_at, self._is_restored = None, at, False

    def lost(self, at: float) -> None:
        """It is closed; since when, and whether there was an outage, nobody knows."""
        self._opened_at, self._closed_at, self._is_restored = None, at, False

    def account(self, now: float) -> None:
        """Count the healthy time up to now."""
        if self._opened_at is not None:
            return
        since = self._closed_at
        if since is not None and not (self._is_restored and now - since > HANDED_OVER_S):
            self.healthy_s += max(now - since, 0.0)
        self._closed_at, self._is_restored = now, False

    def hazard_per_s(self, prior: float = DEFAULT_HAZARD_PER_S) -> float:
        """Openings per healthy second, shrunk to a prior."""
        return (self.openings + HAZARD_WEIGHT) / (self.healthy_s + HAZARD_WEIGHT / prior)

    def duration(self, mean: float = DEFAULT_OUTAGE_LOG_MEAN, sd: float = DEFAULT_OUTAGE_LOG_SD) -> tuple[float, float]:
        """Mean and standard deviation of the logarithm of durations, shrunk to a prior."""
        return self.durations.shrunk(mean, sd, DURATION_WEIGHT)

    def snapshot(self) -> dict[str, Any]:
        """All of it as JSON's types."""
        return {
            "openings": self.openings,
            "healthy_s": self.healthy_s,
            "durations": self.durations.snapshot(),
            "opened_at": self._opened_at,
            "closed_at": self._closed_at,
        }

    @classmethod
    def restored(cls, data: dict[str, Any]) -> "OutageModel":
        """What a snapshot holds."""
        one = cls()
        one.openings, one.healthy_s = data["openings"], data["healthy_s"]
        one.durations = FadedNormal.restored(FADING, data["durations"])
        one._opened_at, one._closed_at, one._is_restored = data["opened_at"], data["closed_at"], True
        return one
