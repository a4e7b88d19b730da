"""What can be done about a failure of a browser, from the cheapest on."""

from typing import Final

from dtf.domain.recovery import RecoveryAction
from dtf.execution.injector.injection import Scope

#: What can be done inside of one host process, from the cheapest on.
ACTIONS: Final = (
    RecoveryAction.RETRY,
    RecoveryAction.RELOAD_PAGE,
    RecoveryAction.NEW_PAGE,
    RecoveryAction.NEW_CONTEXT,
    RecoveryAction.RESTART_BROWSER,
    RecoveryAction.RESTART_DRIVER,
)

#: What each but the first replaces, with all that the ones before it do.
_REPLACED: Final = (Scope.DOCUMENT, Scope.PAGE, Scope.CONTEXT, Scope.BROWSER, Scope.DRIVER)


def replaces(action: RecoveryAction, scope: Scope) -> bool:
    """Whether an action replaces what a failure of that scope sits in."""
    return scope in _REPLACED[: ACTIONS.index(action)]
