import math
from collections import Counter
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from dtf.analysis.recovered import Achieved, achieved, by_action, by_failure, by_level
from dtf.domain.breaker import Target
from dtf.domain.failure import FailureType
from dtf.domain.recovery import LEVEL_OF, Recovery, RecoveryAction, RecoveryLevel

_GPU = Target(hardware="cuda", name="GPU-1")
_MAYBE = st.none() | st.booleans()
_RECOVERIES = st.lists(
    st.builds(
        Recovery,
        target=st.just(_GPU),
        failure=st.sampled_from(FailureType),
        action=st.sampled_from(RecoveryAction),
        succeeded=st.booleans(),
        time_s=st.floats(0, 1e6),
        resource_s=st.floats(0, 1e6),
        impact=st.integers(0, 99),
        stable=_MAYBE,
        job_recovered=_MAYBE,
    )
)


def _recovery(
    action: RecoveryAction = RecoveryAction.RETRY, *, succeeded: bool = True, **values: float | bool | None
) -> Recovery:
    return Recovery(target=_GPU, failure=FailureType.TIMEOUT, action=action, succeeded=succeeded, **values)  # type: ignore[arg-type]


@given(_RECOVERIES)
def test_every_recovery_counts_once_in_each_view(told: list[Recovery]) -> None:
    """By level, by strategy and by failure: counts, costs and shares of all parts make up those of the whole."""
    whole = achieved(told)
    plain = Counter(one.action for one in told)
    assert {action: one.tried for action, one in by_action(told).items() if one.tried} == plain
    for parts in (by_level(told), by_action(told), by_failure(told)):
        _makes_up(parts.values(), whole)
    for level, of_level in by_level(told).items():
        _makes_up((one for action, one in by_action(told).items() if LEVEL_OF[action] is level), of_level)


def _makes_up(parts: Iterable[Achieved], whole: Achieved) -> None:
    found = list(parts)
    for name in ("tried", "succeeded", "impact", "settled", "stable", "judged", "jobs_recovered"):
        assert sum(getattr(part, name) for part in found) == getattr(whole, name)
    assert math.isclose(sum(part.resource_s for part in found), whole.resource_s, abs_tol=1e-6)
    assert whole.stable <= whole.settled <= whole.succeeded <= whole.tried
    assert whole.jobs_recovered <= whole.judged <= whole.tried


def test_all_levels_and_strategies_are_there() -> None:
    """In their order, although none of them was ever tried; failures only where they were met."""
    assert list(by_level(())) == list(RecoveryLevel)
    levels = [LEVEL_OF[action] for action in by_action(())]
    assert (sorted(levels), len(levels)) == (levels, len(RecoveryAction))
    assert by_failure(()) == {}
    none = achieved(())
    assert (none.success_rate, none.median_s, none.stability, none.job_recovery) == (None, None, None, None)


def test_what_is_not_known_counts_for_nothing() -> None:
    """What failed cannot hold and has no time of recovery; what is not settled yet is neither good nor bad."""
    told = achieved(
        [
            _recovery(time_s=1.0, stable=True, job_recovered=True, resource_s=2.0),
            _recovery(time_s=3.0, stable=False),
            _recovery(time_s=9.0),
            _recovery(succeeded=False, time_s=99.0, stable=False, job_recovered=False, impact=2),
        ]
    )
    assert (told.tried, told.succeeded, told.success_rate, told.median_s) == (4, 3, 0.75, 3.0)
    assert (told.settled, told.stability) == (2, 0.5)
    assert (told.judged, told.job_recovery) == (2, 0.5)
    assert (told.resource_s, told.impact) == (2.0, 2)
