"""What recoveries came to: the measures of each strategy, by level and by failure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from dtf.domain.failure import FailureType
from dtf.domain.recovery import LEVEL_OF, Recovery, RecoveryAction, RecoveryLevel

_K = TypeVar("_K")


@dataclass(frozen=True, slots=True, kw_only=True)
class Achieved:
    """What some recoveries came to.

    Attributes:
        tried: How many there were.
        succeeded: After how many of them a probe, or the work itself, found that it works again.
        median_s: The median of the times from the failure until those succeeded, in seconds; None: none did.
        resource_s: The slot-seconds that all of them took or burnt.
        impact: How many other slots they took from their work, or were to take.
        settled: Of how many that succeeded it is known whether it held.
        stable: How many of these held.
        judged: Of how many it is known whether the failed work came to its end.
        jobs_recovered: How much of it did.
    """

    tried: int = 0
    succeeded: int = 0
    median_s: float | None = None
    resource_s: float = 0.0
    impact: int = 0
    settled: int = 0
    stable: int = 0
    judged: int = 0
    jobs_recovered: int = 0

    @property
    def success_rate(self) -> float | None:
        """The share that succeeded; None: none was tried."""
        return _share(self.succeeded, self.tried)

    @property
    def stability(self) -> float | None:
        """The share that held, of those that succeeded and of which it is known; None: of none."""
        return _share(self.stable, self.settled)

    @property
    def job_recovery(self) -> float | None:
        """The share of failed work that came to its end; None: of none it is known."""
        return _share(self.jobs_recovered, self.judged)


def achieved(recoveries: Sequence[Recovery]) -> Achieved:
    """What recoveries came to."""
    good = [one for one in recoveries if one.succeeded]
    held = [one.stable for one in good if one.stable is not None]
    jobs = [one.job_recovered for one in recoveries if one.job_recovered is not None]
    return Achieved(
        tried=len(recoveries),
        succeeded=len(good),
        median_s=median(one.time_s for one in good) if good else None,
        resource_s=sum(one.resource_s for one in recoveries),
        impact=sum(one.impact for one in recoveries),
        settled=len(held),
        stable=sum(held),
        judged=len(jobs),
        jobs_recovered=sum(jobs),
    )


def by_level(recoveries: Sequence[Recovery]) -> dict[RecoveryLevel, Achieved]:
    """For each of the five levels, those that were never tried too."""
    return _each(RecoveryLevel, recoveries, lambda one: one.level)


def by_action(recoveries: Sequence[Recovery]) -> dict[RecoveryAction, Achieved]:
    """For each strategy, by level; those that were never tried too."""
    ordered = sorted(RecoveryAction, key=lambda action: LEVEL_OF[action])
    return _each(ordered, recoveries, lambda one: one.action)


def by_failure(recoveries: Sequence[Recovery]) -> dict[FailureType, Achieved]:
    """For each type of failure that was met, in the order in which types are named."""
    found = _each(FailureType, recoveries, lambda one: one.failure)
    return {failure: come_to for failure, come_to in found.items() if come_to.tried}


def _each(keys: Iterable[_K], recoveries: Sequence[Recovery], key_of: Callable[[Recovery], _K]) -> dict[_K, Achieved]:
    groups: Mapping[_K, list[Recovery]] = {key: [] for key in keys}
    for one in recoveries:
        groups[key_of(one)].append(one)
    return {key: achieved(group) for key, group in groups.items()}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
