import random

import pytest

from dtf.domain.breaker import Target
from dtf.domain.failure import FailureType
from dtf.domain.outcome import Outcome
from dtf.domain.recovery import LEVEL_OF, Recovery, RecoveryAction, RecoveryLevel
from dtf.domain.shard import AttemptResult, Requeue
from dtf.resilience.bandit import RecoveryBandit
from dtf.resilience.browser_ladder import BROWSER_ACTIONS, SLOT_ACTIONS, deeper, sufficient
from dtf.resilience.ladder import actions
from dtf.resilience.recovery import Choose, Circumstances, decide, fixed_order

_CONTEXT, _BROWSER, _DRIVER = SLOT_ACTIONS


@pytest.mark.parametrize("failure", FailureType)
def test_nothing_is_offered_below_what_a_failure_needs(failure: FailureType) -> None:
    """A crashed page is never loaded again; whatever the failure, the deepest action is offered, and none twice."""
    offered = sufficient(failure, BROWSER_ACTIONS)
    assert offered[-1] is _DRIVER
    assert list(offered) == [action for action in BROWSER_ACTIONS if action in offered]
    assert (RecoveryAction.RETRY in offered) is (failure not in _NEEDY)
    assert (RecoveryAction.RELOAD_PAGE in offered) is (failure not in _NEEDY[1:])


_NEEDY = (FailureType.API_ERROR, FailureType.CRASH, FailureType.LAUNCH_FAILURE)


def test_what_did_not_help_is_followed_by_what_reaches_deeper() -> None:
    """Until nothing is left."""
    assert deeper(_CONTEXT, SLOT_ACTIONS) == [_BROWSER, _DRIVER]
    assert deeper(_DRIVER, SLOT_ACTIONS) == []


def test_the_parts_of_a_browser_are_offered_to_who_ran_in_its_page() -> None:
    """All of them are component restarts; what ran beside the browser has it replaced as a whole."""
    level = RecoveryLevel.COMPONENT_RESTART
    assert actions(level, FailureType.CRASH, "webgpu", in_page=True) == list(SLOT_ACTIONS)
    assert actions(level, FailureType.LAUNCH_FAILURE, "webgpu", in_page=True) == [_BROWSER, _DRIVER]
    assert list(actions(level, FailureType.CRASH, "webgpu")) == [_BROWSER]
    assert {LEVEL_OF[action] for action in SLOT_ACTIONS} == {level}


def test_the_order_is_the_historys_once_there_is_one() -> None:
    """Where contexts did not help against crashes and browsers did, these come first; until then the cheapest does."""
    bandit = RecoveryBandit(random.Random(3), explore=0.0)
    assert _decided(fixed_order) is _decided(bandit.choose) is _CONTEXT
    for _ in range(30):
        bandit.learn_one(_tried(_CONTEXT, succeeded=False))
        bandit.learn_one(_tried(_BROWSER, succeeded=True))
    assert _decided(bandit.choose) is _BROWSER


def _tried(action: RecoveryAction, *, succeeded: bool) -> Recovery:
    target = Target(hardware="webgpu", name="b")
    return Recovery(target=target, failure=FailureType.CRASH, action=action, succeeded=succeeded, time_s=1.0, attempt=3)


def _decided(choose: Choose) -> RecoveryAction:
    result = AttemptResult(
        shard_id="s", attempt=3, worker_id="w", slot=0, outcome=Outcome.INFRA, reason="the browser crashed"
    )
    place = Circumstances(hardware="webgpu", in_page=True)
    decision = decide(result, crashes=2, max_retries=9, circumstances=place, choose=choose)
    assert isinstance(decision, Requeue)
    return decision.action
