"""Injects a failure into a browser."""

import asyncio
import logging
from typing import TYPE_CHECKING

from dtf.domain.errors import BadInputError
from dtf.domain.failure import FailureType, Intensity
from dtf.execution.injector.injection import Injection, InjectorError
from dtf.execution.injector.mechanisms import effect_of
from dtf.execution.injector.subject import Subject
from dtf.resilience.injection_availability import unavailable

if TYPE_CHECKING:
    from dtf.execution.injector.injection import Effect, Seen

_log = logging.getLogger(__name__)

#: How long applying and confirming may each take, in seconds.
_EACH_S = 30.0


async def inject(subject: Subject, failure: FailureType, intensity: Intensity) -> Injection:
    """Inject one of the 18 failures into a browser, and see that it is there.

    Whether the breaker lets it through is the caller's question (``dtf.resilience.injection.gate``).

    Args:
        subject: The page, with its context and browser; all must be well.
        failure: The type.
        intensity: How bad.

    Returns:
        What was done. One that ``confirmed`` denies was cleared, and is not to be counted.

    Raises:
        BadInputError: This failure does not exist for this browser.
        InjectorError: It could not be applied; what was done of it was cleared.
    """
    if reason := unavailable(subject.browser_name, failure, intensity):
        raise BadInputError(f"{failure} {intensity} is not available for {subject.browser_name}: {reason}")
    effect = effect_of(subject, failure, intensity)
    injection = Injection(failure=failure, intensity=intensity, target=subject.browser_name, effect=effect)
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        await asyncio.wait_for(effect.apply(), _EACH_S)
        injection.seen = await _look(effect)
    except BaseException as error:
        await injection.clear()
        if isinstance(error, InjectorError) or not isinstance(error, Exception):
            raise
        told = f"{type(error).__name__}: {error}"
        raise InjectorError(f"{failure} {intensity} could not be applied to {subject.browser_name}: {told}") from error
    injection.seconds = clock() - began
    if not injection.confirmed:
        _log.warning("%s %s was applied to %s and not seen", failure, intensity, subject.browser_name)
        await injection.clear()
    return injection


async def _look(effect: "Effect") -> "Seen | None":
    return await asyncio.wait_for(effect.look(), _EACH_S)
