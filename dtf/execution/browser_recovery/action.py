"""What can be done about a failure of a browser, from the cheapest on."""

from typing import Final

from dtf.domain.recovery import RecoveryAction
from dtf.execution.injector.injection import Scope
from dtf.resilience.browser_ladder import BROWSER_ACTIONS

#: What can be done inside of one host process, from the cheapest on.
ACTIONS: Final = BROWSER_ACTIONS

#: What each but the first replaces, with all that the ones before it do.
_REPLACED: Final = (Scope.DOCUMENT, Scope.PAGE, Scope.CONTEXT, Scope.BROWSER, Scope.DRIVER)


def replaces(action: RecoveryAction, scope: Scope) -> bool:
    """Whether an action replaces what a failure of that scope sits in."""
    return scope in _REPLACED[: ACTIONS.index(action)]
