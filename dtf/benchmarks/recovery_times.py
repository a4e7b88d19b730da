"""Which recovery helps against which failure, and how long each takes: measured once in real browsers.

The rows are the eighteen failures of ``docs/recovery.md`` in Chromium; one of them has two mechanisms. The cheapest
recovery that worked and its time were measured. Two things are assumed and not measured: that whatever reaches deeper
than the cheapest sufficient recovery suffices as well, in its own usual time; and that what suffices fails nevertheless
one time in twenty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from dtf.domain.failure import FailureType, Intensity
from dtf.domain.recovery import RecoveryAction
from dtf.resilience.browser_ladder import BROWSER_ACTIONS

_A = RecoveryAction

#: The usual time of each recovery, in seconds: the middle of what was measured.
TIMES_S: Final[Mapping[RecoveryAction, float]] = MappingProxyType(
    {
        _A.RETRY: 0.1,
        _A.RELOAD_PAGE: 0.25,
        _A.NEW_PAGE: 0.55,
        _A.NEW_CONTEXT: 1.0,
        _A.RESTART_BROWSER: 2.5,
        _A.RESTART_DRIVER: 3.0,
    }
)

#: The fixed order; each reaches deeper than those before it.
FIXED_ORDER: Final = BROWSER_ACTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One failure by one mechanism.

    Attributes:
        failure: Its kind.
        intensity: How bad.
        cheapest: The cheapest recovery that worked.
        time_s: How long that took, in seconds.
        hangs: Whether what does not help runs into its time limit rather than into an error.
        weight: Its share of the failures of its kind and intensity.
    """

    failure: FailureType
    intensity: Intensity
    cheapest: RecoveryAction
    time_s: float
    hangs: bool = False
    weight: float = 1.0

    def suffices(self, action: RecoveryAction) -> bool:
        """Whether a recovery helps against it."""
        return FIXED_ORDER.index(action) >= FIXED_ORDER.index(self.cheapest)

    def usual_s(self, action: RecoveryAction) -> float:
        """How long a recovery takes that helps, in seconds."""
        return self.time_s if action is self.cheapest else TIMES_S[action]


def _three(failure: FailureType, *rows: tuple[RecoveryAction, float, bool]) -> tuple[Fault, ...]:
    return tuple(
        Fault(failure=failure, intensity=intensity, cheapest=cheapest, time_s=time_s, hangs=hangs)
        for intensity, (cheapest, time_s, hangs) in zip(Intensity, rows, strict=True)
    )


#: The eighteen, that with two mechanisms twice with half the weight.
FAULTS: Final = (
    *_three(
        FailureType.CONNECTION_FAILURE,
        (_A.RETRY, 0.1, False),
        (_A.NEW_CONTEXT, 0.9, False),
        (_A.RESTART_DRIVER, 2.5, False),
    ),
    *_three(
        FailureType.RESOURCE_EXHAUSTION, (_A.RETRY, 0.1, False), (_A.RETRY, 0.15, False), (_A.NEW_PAGE, 0.6, False)
    ),
    *_three(FailureType.GPU_ERROR, (_A.RETRY, 0.1, False), (_A.RETRY, 0.1, False), (_A.RESTART_BROWSER, 2.75, True)),
    *_three(
        FailureType.API_ERROR, (_A.RELOAD_PAGE, 0.2, False), (_A.NEW_CONTEXT, 0.8, False), (_A.NEW_CONTEXT, 1.2, False)
    ),
    Fault(failure=FailureType.TIMEOUT, intensity=Intensity.MILD, cheapest=_A.RETRY, time_s=0.1, hangs=True),
    Fault(failure=FailureType.TIMEOUT, intensity=Intensity.MODERATE, cheapest=_A.RETRY, time_s=2.3, hangs=True),
    Fault(
        failure=FailureType.TIMEOUT,
        intensity=Intensity.SEVERE,
        cheapest=_A.NEW_CONTEXT,
        time_s=0.9,
        hangs=True,
        weight=0.5,
    ),
    Fault(
        failure=FailureType.TIMEOUT,
        intensity=Intensity.SEVERE,
        cheapest=_A.RESTART_BROWSER,
        time_s=2.3,
        hangs=True,
        weight=0.5,
    ),
    *_three(
        FailureType.CRASH, (_A.NEW_CONTEXT, 1.1, False), (_A.NEW_PAGE, 0.55, False), (_A.RESTART_BROWSER, 2.4, False)
    ),
)
