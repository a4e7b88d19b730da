"""The five levels of recovery: where to begin, how far to go, and what there is to be done on each."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from dtf.domain.breaker import BreakerState
from dtf.domain.failure import FailureType
from dtf.domain.recovery import RecoveryAction, RecoveryLevel
from dtf.domain.specs import GPU_TAGS
from dtf.resilience.browser_ladder import SLOT_ACTIONS, sufficient

#: The hardware whose jobs run in a browser.
_BROWSERS: Final = ("webgpu", "webnn")
_GPUS: Final = (*GPU_TAGS, "gpu")

#: Failures after which the same component is not to be trusted again as it is.
_OF_COMPONENTS: Final = frozenset((FailureType.CRASH, FailureType.GPU_ERROR, FailureType.LAUNCH_FAILURE))
#: Failures that other parameters may avoid.
_OF_PARAMETERS: Final = frozenset((FailureType.RESOURCE_EXHAUSTION, FailureType.CRASH, FailureType.TIMEOUT))

_ISOLATED_FIRST: Final = (RecoveryAction.ISOLATE, RecoveryAction.OTHER_WORKER, RecoveryAction.BACK_OFF)
_ELSEWHERE_FIRST: Final = (RecoveryAction.OTHER_WORKER, RecoveryAction.BACK_OFF, RecoveryAction.ISOLATE)

#: The failures of a device itself: it is taken out of use before its worker's processes are replaced.
_OF_DEVICES: Final = frozenset((FailureType.GPU_ERROR,))


def first_level(breaker: BreakerState, failure: FailureType) -> RecoveryLevel:
    """Where recovery begins: closed 1, half-open 2 (3 when a component broke), open 4."""
    if breaker is BreakerState.OPEN:
        return RecoveryLevel.SYSTEM_RECOVERY
    if breaker is BreakerState.HALF_OPEN:
        broke = failure in _OF_COMPONENTS
        return RecoveryLevel.COMPONENT_RESTART if broke else RecoveryLevel.ENHANCED_RETRY
    return RecoveryLevel.BASIC_RETRY


def last_level(breaker: BreakerState, *, suspected: bool) -> RecoveryLevel:
    """How far recovery goes.

    The two levels that disturb others are for a target that is believed to be sick. A shard that breaks one sound
    target after the other is its own cause, and replacing pools for it would only spread the harm.
    """
    sound = breaker is BreakerState.CLOSED and not suspected
    return RecoveryLevel.COMPONENT_RESTART if sound else RecoveryLevel.FULL_RECOVERY


def actions(
    level: RecoveryLevel, failure: FailureType, hardware: str, *, in_page: bool = False
) -> Sequence[RecoveryAction]:
    """What can be done for a shard on one level, in the fixed order.

    Args:
        level: The level.
        failure: What went wrong.
        hardware: The hardware tag of the shard.
        in_page: Whether it ran in a page of the slot's browser, of which parts can be replaced.
    """
    if in_page and level is RecoveryLevel.COMPONENT_RESTART:
        return sufficient(failure, SLOT_ACTIONS)
    return _ACTIONS[level](failure, hardware)


def _retries(_failure: FailureType, _hardware: str) -> Sequence[RecoveryAction]:
    return (RecoveryAction.RETRY,)


def _enhanced(failure: FailureType, _hardware: str) -> Sequence[RecoveryAction]:
    return _ISOLATED_FIRST if failure in _OF_PARAMETERS else _ELSEWHERE_FIRST


def _restarts(failure: FailureType, hardware: str) -> Sequence[RecoveryAction]:
    if hardware in _BROWSERS:
        return (RecoveryAction.RESTART_BROWSER,)
    if hardware not in _GPUS:
        return (RecoveryAction.RESTART_PROCESS,)
    pair = (RecoveryAction.RESTART_PROCESS, RecoveryAction.RESET_DEVICE)
    return pair[::-1] if failure in _OF_DEVICES else pair


def _systems(failure: FailureType, hardware: str) -> Sequence[RecoveryAction]:
    pair = (RecoveryAction.REPLACE_POOL, RecoveryAction.QUARANTINE)
    return pair[::-1] if failure in _OF_DEVICES or hardware in _GPUS else pair


def _full(_failure: FailureType, _hardware: str) -> Sequence[RecoveryAction]:
    return (RecoveryAction.FAIL_OVER,)


_ACTIONS: Final[Mapping[RecoveryLevel, Callable[[FailureType, str], Sequence[RecoveryAction]]]] = MappingProxyType(
    {
        RecoveryLevel.BASIC_RETRY: _retries,
        RecoveryLevel.ENHANCED_RETRY: _enhanced,
        RecoveryLevel.COMPONENT_RESTART: _restarts,
        RecoveryLevel.SYSTEM_RECOVERY: _systems,
        RecoveryLevel.FULL_RECOVERY: _full,
    }
)
