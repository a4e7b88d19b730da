"""Which of the 18 failures exist for which target."""

from collections.abc import Mapping
from types import MappingProxyType

from dtf.domain.failure import INJECTABLE, FailureType, Intensity
from dtf.domain.injection import NOT_IN_JOBS

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
_NOT_THERE: Mapping[str, Mapping[tuple[FailureType, Intensity], str]] = MappingProxyType(
    {"firefox": _NOT_IN_FIREFOX, "pytest": NOT_IN_JOBS, "command": NOT_IN_JOBS}
)


def unavailable(target: str, failure: FailureType, intensity: Intensity) -> str:
    """Why a failure cannot be injected into a target; empty: it can.

    Args:
        target: A browser's name, or ``pytest`` or ``command``. All browsers but Firefox are Chromium's kin, and have
            all 18; what depends on the machine is left to the injector there.
        failure: The type.
        intensity: How bad.
    """
    if failure not in INJECTABLE:
        return "it is observed and never injected"
    return _NOT_THERE.get(target, {}).get((failure, intensity), "")


def availability(target: str) -> dict[tuple[FailureType, Intensity], str]:
    """For each of the 18 why it does not exist for a target; empty where it does."""
    return {
        (failure, intensity): unavailable(target, failure, intensity)
        for failure in INJECTABLE
        for intensity in Intensity
    }
