"""The mechanisms for suites and programs, found by type."""

from collections.abc import Callable, Mapping

from dtf.domain.failure import FailureType, Intensity
from dtf.domain.injection import InjectionSpec
from dtf.execution.injector.processes.effect import JobEffect
from dtf.execution.injector.processes.mechanisms.api import PartBroken
from dtf.execution.injector.processes.mechanisms.connection import NetworkCut, NoProxy
from dtf.execution.injector.processes.mechanisms.crash import Killed
from dtf.execution.injector.processes.mechanisms.gpu import DeviceHidden
from dtf.execution.injector.processes.mechanisms.resource import MemoryLimited
from dtf.execution.injector.processes.mechanisms.timeout import Stopped
from dtf.execution.injector.processes.subject import JobSubject

_EFFECTS: Mapping[FailureType, Callable[[JobSubject, InjectionSpec], JobEffect]] = {
    FailureType.RESOURCE_EXHAUSTION: MemoryLimited,
    FailureType.GPU_ERROR: DeviceHidden,
    FailureType.API_ERROR: PartBroken,
    FailureType.TIMEOUT: Stopped,
    FailureType.CRASH: Killed,
}


def effect_of(subject: JobSubject, spec: InjectionSpec) -> JobEffect:
    """The effect of a failure, not yet in force."""
    if spec.failure is FailureType.CONNECTION_FAILURE:
        return NoProxy(subject, spec) if spec.intensity is Intensity.MILD else NetworkCut(subject, spec)
    return _EFFECTS[spec.failure](subject, spec)
