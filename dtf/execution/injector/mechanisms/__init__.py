"""The mechanisms: one class for each of the 18 failures, found by type and intensity."""

from collections.abc import Callable, Mapping

from dtf.domain.failure import FailureType, Intensity
from dtf.execution.injector.injection import Effect
from dtf.execution.injector.mechanisms.api import AdapterMissing, InterfacesGone, InterfacesThrow
from dtf.execution.injector.mechanisms.connection import AbortedRequests, DriverKilled, Offline
from dtf.execution.injector.mechanisms.crash import BrowserKilled, PageCrash, RendererKilled
from dtf.execution.injector.mechanisms.gpu import DevicesDestroyed, GpuProcessKilled, GpuProcessStopped
from dtf.execution.injector.mechanisms.resource import HeapBurst, Throttled, memory_taken
from dtf.execution.injector.mechanisms.timeout import BusyPage, EndlessPage, NeverAnswers
from dtf.execution.injector.subject import Subject

_EFFECTS: Mapping[FailureType, tuple[Callable[[Subject], Effect], ...]] = {
    FailureType.CONNECTION_FAILURE: (AbortedRequests, Offline, DriverKilled),
    FailureType.RESOURCE_EXHAUSTION: (Throttled, memory_taken, HeapBurst),
    FailureType.GPU_ERROR: (DevicesDestroyed, GpuProcessKilled, GpuProcessStopped),
    FailureType.API_ERROR: (AdapterMissing, InterfacesThrow, InterfacesGone),
    FailureType.TIMEOUT: (NeverAnswers, BusyPage, EndlessPage),
    FailureType.CRASH: (PageCrash, RendererKilled, BrowserKilled),
}


def effect_of(subject: Subject, failure: FailureType, intensity: Intensity) -> Effect:
    """The effect of one of the 18, not yet applied."""
    return _EFFECTS[failure][tuple(Intensity).index(intensity)](subject)
