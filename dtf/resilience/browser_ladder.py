"""What can be replaced of a browser, from the cheapest on, and the least of it that a failure needs."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from dtf.domain.failure import FailureType
from dtf.domain.recovery import RecoveryAction

#: What can be done about a browser; each does with what the ones before it replace away too.
BROWSER_ACTIONS: Final = (
    RecoveryAction.RETRY,
    RecoveryAction.RELOAD_PAGE,
    RecoveryAction.NEW_PAGE,
    RecoveryAction.NEW_CONTEXT,
    RecoveryAction.RESTART_BROWSER,
    RecoveryAction.RESTART_DRIVER,
)

#: What is replaced of the browser of a slot: there each check has a context of its own anyway.
SLOT_ACTIONS: Final = (RecoveryAction.NEW_CONTEXT, RecoveryAction.RESTART_BROWSER, RecoveryAction.RESTART_DRIVER)

#: The least that helps against the mildest failure that looks so; of all others that is to try again. A page whose
#: renderer crashed cannot be loaded again, and an answer that a page was given stays as it is.
_LEAST: Final[Mapping[FailureType, RecoveryAction]] = MappingProxyType(
    {
        FailureType.API_ERROR: RecoveryAction.RELOAD_PAGE,
        FailureType.CRASH: RecoveryAction.NEW_PAGE,
        FailureType.LAUNCH_FAILURE: RecoveryAction.RESTART_BROWSER,
    }
)


def sufficient(failure: FailureType, offered: Sequence[RecoveryAction]) -> Sequence[RecoveryAction]:
    """Those of some actions that reach as deep as a failure needs, in their order; the deepest where none does."""
    least = BROWSER_ACTIONS.index(_LEAST.get(failure, RecoveryAction.RETRY))
    return [action for action in offered if BROWSER_ACTIONS.index(action) >= least] or offered[-1:]


def deeper(than: RecoveryAction, offered: Sequence[RecoveryAction]) -> Sequence[RecoveryAction]:
    """Those of some actions that reach deeper than one that did not help, in their order."""
    return [action for action in offered if BROWSER_ACTIONS.index(action) > BROWSER_ACTIONS.index(than)]
