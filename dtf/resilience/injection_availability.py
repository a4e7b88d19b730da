"""Which of the 18 failures exist for which target."""

from collections.abc import Mapping
from types import MappingProxyType

from dtf.domain.failure import INJECTABLE, FailureType, Intensity

_CDP = "it needs the Chrome DevTools Protocol"
_NO_GPU_PROCESS = "this browser computes in its main process: there is no GPU process to be hit"

#: What does not exist in Firefox, and why, as it was measured with Firefox ESR 153.
_NOT_IN_FIREFOX: Mapping[tuple[FailureType, Intensity], str] = MappingProxyType(
    {
        (FailureType.RESOURCE_EXHAUSTION, Intensity.MILD): _CDP,
        (FailureType.RESOURCE_EXHAUSTION, Intensity.SEVERE): (
            "a page that is refused memory is told so and goes on: its process does not crash"
        ),
        (FailureType.GPU_ERROR, Intensity.MODERATE): _NO_GPU_PROCESS,
        (FailureType.GPU_ERROR, Intensity.SEVERE): _NO_GPU_PROCESS,
        (FailureType.CRASH, Intensity.MILD): _CDP,
    }
)


def unavailable(target: str, failure: FailureType, intensity: Intensity) -> str:
    """Why a failure cannot be injected into a target; empty: it can.

    Args:
        target: A browser's name, or another target. All browsers but Firefox are Chromium's kin, and have all 18; what
            is known of no target is left to its own injector.
        failure: The type.
        intensity: How bad.
    """
    if failure not in INJECTABLE:
        return "it is observed and never injected"
    return _NOT_IN_FIREFOX.get((failure, intensity), "") if target == "firefox" else ""


def availability(target: str) -> dict[tuple[FailureType, Intensity], str]:
    """For each of the 18 why it does not exist for a target; empty where it does."""
    return {
        (failure, intensity): unavailable(target, failure, intensity)
        for failure in INJECTABLE
        for intensity in Intensity
    }
