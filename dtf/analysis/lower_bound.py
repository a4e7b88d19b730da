"""How fast a run could have been at best."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerBound:
    """The least makespan that any order of dispatch could have reached with the durations that were seen.

    It counts what the tests and commands themselves took. Start-up, collection, imports, module fixtures that are set
    up outside a test's own phases, and everything that dtf does are left out, so a run that is close to the bound
    wasted little, and no run is below it unless the durations themselves would have been shorter.

    Attributes:
        seconds: The bound: the larger of the two that follow.
        even_s: All work divided by the slots.
        longest_s: The longest piece, which nothing can divide.
        work_s: All work.
        slots: How many slots there were.
    """

    seconds: float
    even_s: float
    longest_s: float
    work_s: float
    slots: int


def lower_bound(pieces: Iterable[float], *, slots: int) -> LowerBound:
    """Compute the lower bound of a makespan.

    Args:
        pieces: Seconds of everything that cannot be divided: each case of a suite, each command's accepted attempt.
        slots: How many slots could work at a time; less than 1 counts as 1.
    """
    durations = [max(seconds, 0.0) for seconds in pieces]
    work_s, longest_s, slots = sum(durations), max(durations, default=0.0), max(slots, 1)
    even_s = work_s / slots
    return LowerBound(seconds=max(even_s, longest_s), even_s=even_s, longest_s=longest_s, work_s=work_s, slots=slots)
