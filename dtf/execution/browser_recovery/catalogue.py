"""The cheapest action that helps against each failure, as ``python -m tools.acceptance injections`` measures it."""

from collections.abc import Mapping
from types import MappingProxyType

from dtf.domain.failure import FailureType, Intensity
from dtf.domain.recovery import RecoveryAction

_MILD, _MODERATE, _SEVERE = Intensity.MILD, Intensity.MODERATE, Intensity.SEVERE

_CHEAPEST: Mapping[tuple[FailureType, Intensity], RecoveryAction] = MappingProxyType(
    {
        (FailureType.CONNECTION_FAILURE, _MILD): RecoveryAction.RETRY,
        (FailureType.CONNECTION_FAILURE, _MODERATE): RecoveryAction.NEW_CONTEXT,
        (FailureType.CONNECTION_FAILURE, _SEVERE): RecoveryAction.RESTART_DRIVER,
        (FailureType.RESOURCE_EXHAUSTION, _MILD): RecoveryAction.NEW_PAGE,
        (FailureType.RESOURCE_EXHAUSTION, _MODERATE): RecoveryAction.RELOAD_PAGE,
        (FailureType.RESOURCE_EXHAUSTION, _SEVERE): RecoveryAction.NEW_PAGE,
        (FailureType.GPU_ERROR, _MILD): RecoveryAction.RETRY,
        (FailureType.GPU_ERROR, _MODERATE): RecoveryAction.RETRY,
        (FailureType.GPU_ERROR, _SEVERE): RecoveryAction.RESTART_BROWSER,
        (FailureType.API_ERROR, _MILD): RecoveryAction.RELOAD_PAGE,
        (FailureType.API_ERROR, _MODERATE): RecoveryAction.NEW_CONTEXT,
        (FailureType.API_ERROR, _SEVERE): RecoveryAction.NEW_CONTEXT,
        (FailureType.TIMEOUT, _MILD): RecoveryAction.RETRY,
        (FailureType.TIMEOUT, _MODERATE): RecoveryAction.RETRY,
        (FailureType.TIMEOUT, _SEVERE): RecoveryAction.NEW_PAGE,
        (FailureType.CRASH, _MILD): RecoveryAction.NEW_PAGE,
        (FailureType.CRASH, _MODERATE): RecoveryAction.NEW_PAGE,
        (FailureType.CRASH, _SEVERE): RecoveryAction.RESTART_BROWSER,
    }
)
#: Where Firefox needs another: pages of one origin and context share a process there, and as Playwright starts it, it
#: ends with any of its processes that crashes.
_IN_FIREFOX: Mapping[tuple[FailureType, Intensity], RecoveryAction] = MappingProxyType(
    {
        (FailureType.RESOURCE_EXHAUSTION, _MODERATE): RecoveryAction.NEW_CONTEXT,
        (FailureType.TIMEOUT, _SEVERE): RecoveryAction.NEW_CONTEXT,
        (FailureType.CRASH, _MODERATE): RecoveryAction.RESTART_BROWSER,
    }
)


def cheapest(browser: str, failure: FailureType, intensity: Intensity) -> RecoveryAction:
    """The cheapest action that helps against one of the 18 failures in a browser, by its name."""
    ours = _IN_FIREFOX if browser == "firefox" else {}
    return ours.get((failure, intensity)) or _CHEAPEST[failure, intensity]
