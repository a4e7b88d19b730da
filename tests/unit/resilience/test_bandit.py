import random
from collections import Counter

import pytest

from dtf.benchmarks.recovery_bandit import run
from dtf.benchmarks.recovery_times import FAULTS, FIXED_ORDER
from dtf.domain.breaker import Target
from dtf.domain.failure import INJECTABLE, FailureType, Intensity
from dtf.domain.recovery import Recovery, RecoveryAction
from dtf.resilience.bandit import RecoveryBandit, TimeLimits, cost_s, helped

_TARGET = Target(hardware="webgpu", name="b")
_OFFERED = (RecoveryAction.RETRY, RecoveryAction.NEW_CONTEXT, RecoveryAction.RESTART_BROWSER)


def _tried(action: RecoveryAction, *, worked: bool, time_s: float, **more: object) -> Recovery:
    return Recovery(
        target=_TARGET,
        failure=FailureType.CRASH,
        action=action,
        succeeded=worked,
        time_s=time_s,
        attempt=1,
        **more,  # type: ignore[arg-type]  # as the tests below give them
    )


def _bandit(seed: int = 1) -> RecoveryBandit:
    return RecoveryBandit(random.Random(seed))


def _teach(bandit: RecoveryBandit, times: int) -> None:
    for _ in range(times):
        bandit.learn_one(_tried(RecoveryAction.RETRY, worked=False, time_s=5.0))
        bandit.learn_one(_tried(RecoveryAction.NEW_CONTEXT, worked=True, time_s=1.0))
        bandit.learn_one(_tried(RecoveryAction.RESTART_BROWSER, worked=True, time_s=3.0))


def _choices(
    bandit: RecoveryBandit, failure: FailureType = FailureType.CRASH, tries: int = 0
) -> Counter[RecoveryAction]:
    return Counter(bandit.choose(failure, _OFFERED, tries) for _ in range(400))


def test_the_fixed_order_holds_until_there_is_history() -> None:
    """With little evidence, or none for this kind of failure or this many tries, the first action is taken."""
    bandit = _bandit()
    assert set(_choices(bandit)) == {RecoveryAction.RETRY}
    _teach(bandit, 2)
    assert set(_choices(bandit)) == {RecoveryAction.RETRY}
    _teach(bandit, 10)
    assert set(_choices(bandit)) != {RecoveryAction.RETRY}
    assert set(_choices(bandit, FailureType.TIMEOUT)) == {RecoveryAction.RETRY}
    assert set(_choices(bandit, tries=1)) == {RecoveryAction.RETRY}


def test_the_cheapest_that_works_is_learned() -> None:
    """After 15 trials of each, most choices are the strategy with the best chance for its cost; some still explore."""
    bandit = _bandit()
    _teach(bandit, 15)
    chosen = _choices(bandit)
    assert chosen[RecoveryAction.NEW_CONTEXT] > 340
    assert len(chosen) == 3


def test_a_strategy_that_stops_working_is_left() -> None:
    """Old successes fade: within 15 failures in vain another strategy is preferred."""
    bandit = _bandit()
    _teach(bandit, 60)
    for _ in range(15):
        bandit.learn_one(_tried(RecoveryAction.NEW_CONTEXT, worked=False, time_s=10.0))
    assert _choices(bandit).most_common(1)[0][0] is RecoveryAction.RESTART_BROWSER


def test_all_six_measures_count() -> None:
    """Success, time, resources, slots taken from others, stability and the job's own recovery."""
    base = _tried(RecoveryAction.RETRY, worked=True, time_s=1.0)
    dear = _tried(RecoveryAction.RETRY, worked=True, time_s=1.0, resource_s=2.0, impact=3)
    assert cost_s(dear) > cost_s(base) + 3
    assert helped(base)
    assert not helped(_tried(RecoveryAction.RETRY, worked=False, time_s=1.0))
    assert not helped(_tried(RecoveryAction.RETRY, worked=True, time_s=1.0, stable=False))
    assert not helped(_tried(RecoveryAction.RETRY, worked=True, time_s=1.0, job_recovered=False))


def test_the_same_seed_gives_the_same_choices() -> None:
    """Chance comes from what is passed in, and from nowhere else."""
    first, second = _bandit(7), _bandit(7)
    for bandit in (first, second):
        _teach(bandit, 10)
    assert [first.choose(FailureType.CRASH, _OFFERED) for _ in range(50)] == [
        second.choose(FailureType.CRASH, _OFFERED) for _ in range(50)
    ]


def test_time_limits_shrink_with_experience_and_grow_when_they_were_too_short() -> None:
    """They follow what the action takes, both ways, between their bounds."""
    limits = TimeLimits(shortest_s=1.0, longest_s=60.0)
    action = RecoveryAction.RESTART_BROWSER
    assert limits.limit_s(action) == 60.0
    for _ in range(20):
        limits.learn_one(action, 2.0, worked=True)
    usual = limits.limit_s(action)
    assert 2.0 < usual < 6.0
    limits.learn_one(action, 0.5, worked=False)
    assert limits.limit_s(action) == usual, "an early failure says nothing about how long success takes"
    for _ in range(3):
        limits.learn_one(action, limits.limit_s(action), worked=False)
    stretched = limits.limit_s(action)
    assert stretched > 1.5 * usual
    for _ in range(20):
        limits.learn_one(action, 2.0, worked=True)
    assert limits.limit_s(action) < 1.1 * usual
    for _ in range(40):
        limits.learn_one(action, 50.0, worked=True)
    assert limits.limit_s(action) == 60.0
    for _ in range(80):
        limits.learn_one(action, 0.01, worked=True)
    assert limits.limit_s(action) == 1.0


def test_the_table_has_the_eighteen_failures() -> None:
    """Six kinds in three intensities, each with the same weight, and each with something that suffices."""
    weights: Counter[tuple[FailureType, Intensity]] = Counter()
    for fault in FAULTS:
        weights[fault.failure, fault.intensity] += fault.weight  # type: ignore[assignment]  # weights are fractions
        assert any(fault.suffices(action) for action in FIXED_ORDER)
    assert set(weights) == {(failure, intensity) for failure in INJECTABLE for intensity in Intensity}
    assert set(weights.values()) == {1.0}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_bandit_costs_less_than_the_fixed_order_in_the_simulation(seed: int) -> None:
    """Over 300 seeded failures its regret is negative, and what knows the table is better still."""
    cost = {arm.name: sum(arm.costs) for arm in run(seed, 300)}
    assert cost["bandit"] < cost["fixed order"]
    assert cost["best order, told the table"] < cost["bandit"]
