"""Whether an opening was borne out, or came by chance."""

import math
from typing import Final

from dtf.domain.learned import DEFAULT_HAZARD_PER_S

#: The share of work, and of canaries, that fails on a target that is broken: a mixture of grey and down ones.
_BROKEN: Final = 0.75

#: The share of canaries that fail on a healthy target; and the bounds of the share of calls.
_CANARY_FALSE: Final = 0.05
_NORMAL_BOUNDS: Final = (0.004, 0.5)

#: After so long half of the outages are over, and how alike they are: for how much late probes say. These are
#: not learned: outages that were learned to be short would bear themselves out.
_MEDIAN_S: Final = 60.0
_SHAPE: Final = 1.7

#: By how much more often than by default a target may turn bad for all that was learned; without a bound, openings
#: by chance would bear each other out.
_MOST_OFTEN: Final = 10.0

#: The bounds of the odds: nothing is so sure that it could not turn.
_LEAST: Final = 1e-9

#: In how many seconds a call loses all but a 1/e of its weight in the rate of calls.
_MEMORY_S: Final = 60.0


class Bearing:
    """Weighs outages against chance: where each call fails now and then, so many in a row come sooner or later.

    Taken for outages, openings by chance would make a breaker open ever more easily. Two things tell them apart: how
    often what was seen before an opening comes by chance, at so many calls a second of which so many fail; and the
    calls after it, which work as often as ever where nothing is broken.

    Attributes:
        odds: How many times as probable an outage is as chance, since the last opening.
    """

    def __init__(self) -> None:
        self.odds = 1.0
        self._still, self._age_s = 1.0, 0.0  # should it be an outage: that it is not over, and how old it was then
        self._has_canary = False
        self._at = self._calls = 0.0  # the last call, and the decayed count of them
        self._weight = 0.0  # by how much the last ones speak for a broken target: the logarithm of the odds (CUSUM)

    def called(self, at: float, failed: float, normal: float) -> None:
        """A call ended while the breaker was closed.

        Args:
            at: When.
            failed: Whether it failed, or the share that is the target's fault.
            normal: The share of calls that fail on the target while it is healthy.
        """
        self._calls = self._calls * math.exp(-max(at - self._at, 0.0) / _MEMORY_S) + 1.0
        self._at = at
        self._take(failed, normal)

    def looked(self, *, failed: bool) -> None:
        """A canary ended while the breaker was closed."""
        self._take(float(failed), _CANARY_FALSE)
        self._has_canary = True

    def opened(self, hazard_per_s: float) -> None:
        """It opened.

        Args:
            hazard_per_s: How often the target turns bad, as far as that is known.
        """
        often = min(max(hazard_per_s, DEFAULT_HAZARD_PER_S), _MOST_OFTEN * DEFAULT_HAZARD_PER_S)
        by_chance = max(self._calls, 1.0) / _MEMORY_S * math.exp(-self._weight)
        self.odds = often / by_chance
        self._still, self._age_s, self._weight = 1.0, 0.0, 0.0

    def looked_since(self, after_s: float, *, failed: bool) -> None:
        """A canary returned so many seconds after the opening."""
        self._has_canary = True
        self.probed(after_s, failed=failed, normal=_CANARY_FALSE)

    def probed(self, after_s: float, *, failed: bool, normal: float) -> None:
        """A call that probed returned.

        Args:
            after_s: How long after the opening, in seconds.
            failed: Whether it failed.
            normal: The share of calls that fail on the target while it is healthy.
        """
        normal = _bounded(normal)
        broken, sound = (_BROKEN, normal) if failed else (1 - _BROKEN, 1 - normal)
        still = self._still * _survival(after_s) / _survival(self._age_s)
        outage = still * broken + (1 - still) * sound
        self.odds = min(max(self.odds * outage / sound, _LEAST), 1 / _LEAST)
        self._still, self._age_s = still * broken / outage, max(after_s, self._age_s)

    @property
    def is_borne_out(self) -> bool:
        """Whether the last opening is to count as an outage: it was one, more likely than not.

        Where canaries look it always counts: they are asked before an opening, so that hardly any comes by chance.
        """
        return self._has_canary or self.odds > 1

    def snapshot(self) -> list[float]:
        """All of it as JSON's types."""
        return [self.odds, self._has_canary, self._still, self._age_s, self._at, self._calls, self._weight]

    @classmethod
    def restored(cls, data: list[float]) -> "Bearing":
        """What a snapshot holds."""
        one = cls()
        one.odds, has_canary, one._still, one._age_s, one._at, one._calls, one._weight = data
        one._has_canary = bool(has_canary)
        return one

    def _take(self, failed: float, normal: float) -> None:
        normal = _bounded(normal)
        told = failed * math.log(_BROKEN / normal) + (1 - failed) * math.log((1 - _BROKEN) / (1 - normal))
        self._weight = min(max(self._weight + told, 0.0), 40.0)


def _survival(age_s: float) -> float:
    """The share of outages that last longer."""
    return 1.0 / (1.0 + math.pow(max(age_s, 0.0) / _MEDIAN_S, _SHAPE))


def _bounded(normal: float) -> float:
    low, high = _NORMAL_BOUNDS
    return min(max(normal, low), high)
