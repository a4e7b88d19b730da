"""How the laboratory's figures went over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from dtf.domain.ports.control import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """How closely figures are kept, and for how long.

    Attributes:
        step_s: One row stands for so many seconds.
        kept_s: A row is kept for so long, in seconds.
    """

    step_s: int
    kept_s: int


#: From the finest on; each is made from the one before it.
RESOLUTIONS: Final = (
    Resolution(step_s=10, kept_s=3_600),
    Resolution(step_s=60, kept_s=86_400),
    Resolution(step_s=900, kept_s=30 * 86_400),
)
FINEST: Final = RESOLUTIONS[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A figure over a while.

    Attributes:
        at: When the while began, in seconds since the epoch.
        mean: The mean of what was measured in it.
        low: The least.
        high: The most.
        count: How often it was measured.
    """

    at: float
    mean: float
    low: float
    high: float
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """How a figure went. Where nothing was measured there is no sample.

    Attributes:
        resolution_s: Each sample stands for so many seconds.
        samples: In the order of time.
    """

    resolution_s: int
    samples: Sequence[Sample]


class Samples(Protocol):
    """The figures' table. It is bounded: what is older is kept in coarser steps, and the oldest not at all.

    Series have names such as ``worker/ID/cpu_percent``.
    """

    def write(self, term: Term, at: float, values: Mapping[str, float]) -> None:
        """Write what was measured; what is there already for the same ten seconds stays.

        Args:
            term: The leader's.
            at: When, in seconds since the epoch on the database's clock.
            values: Finite values by series.

        Raises:
            TermOverError: The term is over; nothing was written.
            LedgerUnavailableError: The database cannot be reached.
        """
        ...

    def thin(self, term: Term, at: float) -> int:
        """Make coarser rows of finer ones and remove what is too old: a part of it, so that it takes little time.

        Args:
            term: The leader's.
            at: Now, in seconds since the epoch on the database's clock.

        Returns:
            How many rows were written or removed; 0: there is nothing left to do.

        Raises:
            TermOverError: The term is over; nothing was changed.
            LedgerUnavailableError: The database cannot be reached.
        """
        ...

    def read(self, names: Sequence[str], since: float, until: float, most_points: int) -> Mapping[str, Series]:
        """How figures went, as closely as it is known with at most so many samples each.

        Args:
            names: The series; of an unknown one there are no samples.
            since: From when on, in seconds since the epoch.
            until: Until when.
            most_points: The most samples of each; one more where the time does not begin with a full step.

        Raises:
            LedgerUnavailableError: The database cannot be reached.
        """
        ...

    def names(self, prefix: str, limit: int) -> Sequence[str]:
        """The first series, by name, whose names begin so.

        Raises:
            LedgerUnavailableError: The database cannot be reached.
        """
        ...
