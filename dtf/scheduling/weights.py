"""How long each test of a manifest is thought to take."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Final

from dtf.domain.manifest import Manifest

#: What a test is thought to take when nothing at all is known, in seconds.
PRIOR_S: Final = 0.02

#: The least that a test costs with set-up, teardown and its report, in seconds; shorter durations are raised to it.
LEAST_S: Final = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Predicted durations of a manifest's tests.

    Attributes:
        seconds: By ordinal.
        typical_s: What stands for a test that is not known: the median of the known ones, or the prior.
        known: For how many tests a duration was known.
    """

    seconds: tuple[float, ...]
    typical_s: float
    known: int

    @property
    def are_known(self) -> bool:
        """Whether at least half of the durations were known, so that sums of them mean something."""
        return 2 * self.known >= len(self.seconds)


def weigh(manifest: Manifest, durations: Mapping[str, float]) -> Weights:
    """Predict the duration of each test of a manifest.

    Args:
        manifest: The tests.
        durations: Known seconds by node id; what is not a finite positive number or zero counts as unknown.
    """
    found = [_usable(durations.get(item.nodeid)) for item in manifest.items]
    known = [seconds for seconds in found if seconds is not None]
    typical_s = median(known) if known else PRIOR_S
    return Weights(
        seconds=tuple(typical_s if seconds is None else seconds for seconds in found),
        typical_s=typical_s,
        known=len(known),
    )


def _usable(seconds: float | None) -> float | None:
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return None
    return max(seconds, LEAST_S)
