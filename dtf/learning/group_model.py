"""How a job group fails and how long its jobs run."""

import math
from typing import Any, Final

from dtf.domain.learned import DEFAULT_GROUP_RATE, LearnedGroup
from dtf.learning.faded_normal import FadedNormal

#: In how many seconds an observation loses all but a 1/e of its weight: a bad commit comes and goes in minutes.
MEMORY_S: Final = 300.0

#: How many jobs' worth of evidence the default rate counts for.
PRIOR_WEIGHT: Final = 2.0

#: The weight of a new duration, and how few are too few to tell.
DURATION_FADING: Final = 0.01
FEW: Final = 8.0


class GroupModel:
    """Counts of crashes and of jobs, decayed by time, and a normal distribution of the logarithm of durations."""

    def __init__(self) -> None:
        self._at = 0.0
        self._jobs = self._crashes = 0.0
        self._durations = FadedNormal(DURATION_FADING)
        self._count = 0

    def observe(self, at: float, crashed: float, weight: float) -> None:
        """Take one job's end: the share of a crash that is the group's own fault, and how healthy the target was."""
        self._decay(at)
        self._jobs += weight
        self._crashes += weight * crashed
        self._count += 1

    def observe_duration(self, log_duration: float) -> None:
        """Take how long a job ran that passed."""
        self._durations.update(log_duration)

    def rate(self, now: float) -> float:
        """How often its jobs crash by themselves."""
        self._decay(now)
        return (self._crashes + PRIOR_WEIGHT * DEFAULT_GROUP_RATE) / (self._jobs + PRIOR_WEIGHT)

    def expected_log_duration(self) -> float | None:
        """The mean of the logarithm of its durations, where enough were seen."""
        return self._durations.mean if self._durations.weight >= FEW else None

    def learned(self, now: float) -> LearnedGroup:
        """What is published."""
        known = self._durations.weight >= FEW
        mean, sd = self._durations.shrunk(self._durations.mean, 0.5, FEW)
        return LearnedGroup(
            failure_rate=self.rate(now),
            duration_log_mean=mean if known else 0.0,
            duration_log_sd=sd if known else 0.0,
            evidence=self._count,
        )

    def _decay(self, now: float) -> None:
        if now > self._at:
            kept = math.exp((self._at - now) / MEMORY_S) if self._at else 0.0
            self._jobs *= kept
            self._crashes *= kept
            self._at = now

    def snapshot(self) -> dict[str, Any]:
        """All of it as JSON's types."""
        return {
            "at": self._at,
            "jobs": self._jobs,
            "crashes": self._crashes,
            "durations": self._durations.snapshot(),
            "count": self._count,
        }

    @classmethod
    def restored(cls, data: dict[str, Any]) -> "GroupModel":
        """What a snapshot holds."""
        one = cls()
        one._at, one._jobs, one._crashes = data["at"], data["jobs"], data["crashes"]
        one._durations = FadedNormal.restored(DURATION_FADING, data["durations"])
        one._count = data["count"]
        return one
