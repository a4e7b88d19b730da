from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtf.domain.breaker import BreakerState
from dtf.domain.failure import FailureType
from dtf.domain.outcome import Outcome
from dtf.domain.recovery import LEVEL_OF, RecoveryAction, RecoveryLevel
from dtf.domain.shard import AttemptResult, Finish, Requeue
from dtf.resilience.browser_ladder import BROWSER_ACTIONS
from dtf.resilience.ladder import actions
from dtf.resilience.recovery import CAP, Circumstances, decide

_LOST = "the browser's host crashed: its process ended by SIGSEGV"


def _failed(reason: str = _LOST, worker_id: str = "w1") -> AttemptResult:
    return AttemptResult(shard_id="s1", attempt=1, worker_id=worker_id, slot=0, outcome=Outcome.INFRA, reason=reason)


def _decide(failures: int, *, max_retries: int = 9, reason: str = _LOST, **place: object) -> Requeue:
    circumstances = Circumstances(**place)  # type: ignore[arg-type]  # as the tests below give them
    decision = decide(_failed(reason), crashes=failures, max_retries=max_retries, circumstances=circumstances)
    assert isinstance(decision, Requeue)
    return decision


def test_every_action_has_a_level_and_every_level_an_action() -> None:
    """Whatever is decided can be told as one of the five levels."""
    assert set(LEVEL_OF) == set(RecoveryAction)
    assert set(LEVEL_OF.values()) == set(RecoveryLevel)


def test_every_action_is_offered_to_jobs_or_in_a_browser() -> None:
    """No strategy is a word only: each is on the ladder of jobs, or on that of ``dtf inject``."""
    offered = {
        action
        for level, failure, hardware, in_page in product(
            RecoveryLevel, FailureType, ("cpu", "cuda", "webgpu"), (False, True)
        )
        for action in actions(level, failure, hardware, in_page=in_page)
    }
    assert offered | set(BROWSER_ACTIONS) == set(RecoveryAction)


def test_a_failure_that_is_usual_on_a_healthy_target_is_forgiven() -> None:
    """It tells nothing of the shard."""
    assert Circumstances(usual=True).forgives
    assert not Circumstances().forgives


def test_what_a_level_offers_belongs_to_it() -> None:
    """No level offers an action of another one, for any failure and any hardware."""
    for level in RecoveryLevel:
        for failure in FailureType:
            for hardware in ("cpu", "cuda", "gpu", "webgpu", "webnn", ""):
                offered = actions(level, failure, hardware)
                assert offered
                assert {LEVEL_OF[action] for action in offered} == {level}


def test_recovery_begins_where_the_breaker_stands() -> None:
    """Closed begins with level 1, half-open with 2, or 3 when a component broke, open with 4."""
    silent = "the page: net::ERR_INTERNET_DISCONNECTED"
    assert _decide(0, breaker=BreakerState.CLOSED).level == 1
    assert _decide(0, breaker=BreakerState.HALF_OPEN, reason=silent).level == 2
    assert _decide(0, breaker=BreakerState.HALF_OPEN).level == 3
    assert _decide(0, breaker=BreakerState.OPEN).level == 4


def test_each_failure_goes_one_level_up() -> None:
    """A target that is held for sick takes its shards through all five levels, and no further."""
    levels = [_decide(failures, bad=0.9).level for failures in range(7)]
    assert levels == [1, 2, 3, 4, 5, 5, 5]


def test_a_shard_that_breaks_sound_targets_disturbs_nobody_else() -> None:
    """With its breaker closed and no suspicion, nothing above a restart of the component is done."""
    assert [_decide(failures).level for failures in range(5)] == [1, 2, 3, 3, 3]


def test_who_asks_can_bound_the_level() -> None:
    """Where nobody can restart anything, as after a lost worker, the shard is sent elsewhere."""
    decision = _decide(4, breaker=BreakerState.OPEN, reach=RecoveryLevel.ENHANCED_RETRY)
    assert (decision.level, decision.action) == (2, RecoveryAction.ISOLATE)


def test_a_shard_keeps_away_from_the_worker_that_failed_it_from_the_second_failure_on() -> None:
    """The first retry is for anybody; then another worker has it, if there is one."""
    assert _decide(0).avoid == ()
    assert [_decide(failures).avoid for failures in (1, 2, 3)] == [("w1",)] * 3


@pytest.mark.parametrize(
    ("hardware", "reason", "expected"),
    [
        ("cpu", _LOST, RecoveryAction.RESTART_PROCESS),
        ("webgpu", _LOST, RecoveryAction.RESTART_BROWSER),
        ("cuda", _LOST, RecoveryAction.RESTART_PROCESS),
        ("cuda", "CUDA error: an illegal memory access was encountered", RecoveryAction.RESET_DEVICE),
    ],
)
def test_the_component_that_is_restarted_is_that_of_the_hardware(
    hardware: str, reason: str, expected: RecoveryAction
) -> None:
    """A browser, a test process, or all that holds the device."""
    assert _decide(2, hardware=hardware, reason=reason).action is expected


def test_a_sick_device_is_quarantined_and_a_sick_worker_replaced() -> None:
    """Level 4 takes a GPU out of use first, and elsewhere replaces the pool."""
    assert _decide(0, breaker=BreakerState.OPEN, hardware="cuda").action is RecoveryAction.QUARANTINE
    assert _decide(0, breaker=BreakerState.OPEN, hardware="cpu").action is RecoveryAction.REPLACE_POOL


def test_a_choice_is_among_what_disturbs_nobody_else() -> None:
    """What learns may go up to a restart at once, but not to the levels that others feel."""
    seen: list[RecoveryAction] = []

    def dearest(_failure: FailureType, offered: Sequence[RecoveryAction], _tries: int) -> RecoveryAction:
        seen.extend(offered)
        return offered[-1]

    decision = decide(_failed(), crashes=0, max_retries=3, circumstances=Circumstances(bad=0.9), choose=dearest)
    assert isinstance(decision, Requeue)
    assert (decision.level, decision.action) == (3, RecoveryAction.RESTART_PROCESS)
    assert {LEVEL_OF[action] for action in seen} == {1, 2, 3}


_PLACES = st.builds(
    Circumstances,
    breaker=st.sampled_from(BreakerState),
    bad=st.floats(0, 1),
    hardware=st.sampled_from(("cpu", "cuda", "webgpu")),
)


@given(max_retries=st.integers(0, 6), places=st.lists(_PLACES, min_size=20, max_size=20))
def test_no_shard_loses_its_last_retry_to_a_sick_target(max_retries: int, places: list[Circumstances]) -> None:
    """Whatever the breakers do, only failures on targets believed sound use retries up, and attempts are bounded."""
    crashes = refunds = 0
    for place in places:
        before = (crashes, refunds)
        decision = decide(_failed(), crashes=crashes, refunds=refunds, max_retries=max_retries, circumstances=place)
        if isinstance(decision, Finish):
            capped = crashes + refunds + 1 == CAP * (1 + max_retries)
            assert capped or (not place.forgives and crashes == max_retries)
            assert decision.exhausted is (not capped)
            return
        assert decision.counts is (not place.forgives)
        crashes, refunds = crashes + decision.counts, refunds + (not decision.counts)
        assert crashes <= max_retries
        assert sum((crashes, refunds)) == sum(before) + 1
    raise AssertionError(f"{len(places)} failures did not end a shard with {max_retries} retries")
