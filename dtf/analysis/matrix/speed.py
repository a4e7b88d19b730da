"""How fast a device is against the reference."""

import statistics
from collections.abc import Mapping

#: Between these ratios two devices are equally fast.
_FASTER, _SLOWER = 0.9, 1.1

#: Shorter than this, in seconds, what is measured is the test around the work.
_SHORTEST_S = 0.0005


def ratio(here: Mapping[str, float], reference: Mapping[str, float]) -> float | None:
    """The median time here over the reference's, of what both took the time of; None: nothing to compare.

    Args:
        here: Seconds by name, of what is supported.
        reference: The reference's.
    """
    common = sorted(here.keys() & reference.keys())
    if not common:
        return None
    ours = statistics.median(here[name] for name in common)
    theirs = statistics.median(reference[name] for name in common)
    return ours / theirs if min(ours, theirs) >= _SHORTEST_S else None


def words(value: float | None) -> str:
    """``2.1x slower``, ``3.0x faster``, ``as fast``; empty when unknown."""
    if value is None:
        return ""
    if value > _SLOWER:
        return f"{_times(value)}x slower"
    if value < _FASTER:
        return f"{_times(1 / value)}x faster"
    return "as fast"


def _times(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"
