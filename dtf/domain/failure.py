"""What goes wrong, and how badly: the words of failure injection, of breakers and of recovery."""

from enum import StrEnum


class FailureType(StrEnum):
    """What kind of failure it is."""

    CONNECTION_FAILURE = "connection_failure"
    RESOURCE_EXHAUSTION = "resource_exhaustion"
    GPU_ERROR = "gpu_error"
    API_ERROR = "api_error"
    TIMEOUT = "timeout"
    CRASH = "crash"
    # these are observed and never injected
    LAUNCH_FAILURE = "launch_failure"
    INTERNAL_ERROR = "internal_error"
    UNKNOWN = "unknown"


class Intensity(StrEnum):
    """How bad a failure is."""

    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


#: The six types that can be injected.
INJECTABLE = (
    FailureType.CONNECTION_FAILURE,
    FailureType.RESOURCE_EXHAUSTION,
    FailureType.GPU_ERROR,
    FailureType.API_ERROR,
    FailureType.TIMEOUT,
    FailureType.CRASH,
)


def is_recorded(failure: FailureType, intensity: Intensity) -> bool:
    """Whether a breaker takes notice: of severe failures of any type, and of crashes of any intensity."""
    return intensity is Intensity.SEVERE or failure is FailureType.CRASH
