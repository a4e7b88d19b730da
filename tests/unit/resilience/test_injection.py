import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtf.domain.breaker import BreakerMode, BreakerState
from dtf.domain.errors import BadInputError
from dtf.domain.failure import INJECTABLE, FailureType, Intensity
from dtf.resilience.injection import FAULTS, Fault, InjectionOptions, gate, plan
from dtf.resilience.injection_availability import availability, unavailable

MILD, MODERATE, SEVERE = Intensity


@pytest.mark.parametrize(
    ("state", "through"),
    [
        (BreakerState.CLOSED, {MILD, MODERATE, SEVERE}),
        (BreakerState.HALF_OPEN, {MILD, MODERATE}),
        (BreakerState.OPEN, set()),
    ],
)
def test_the_gate(state: BreakerState, through: set[Intensity]) -> None:
    """Closed lets all through, half-open mild and moderate, open none; each refusal names the state."""
    for intensity in Intensity:
        told = gate(state, intensity)
        assert told.allowed == (intensity in through)
        assert str(state) in told.reason
        assert gate(state, intensity, BreakerMode.METRICS_ONLY).allowed == told.allowed
        assert not gate(state, intensity, BreakerMode.FORCED_OPEN).allowed
        assert gate(state, intensity, BreakerMode.FORCED_CLOSED).allowed


def test_what_is_recorded() -> None:
    """Severe failures of any type and crashes of any intensity are recorded, and none else: 8 of 18."""
    recorded = {fault for fault in FAULTS if fault.recorded}
    severe = {Fault(failure, SEVERE) for failure in INJECTABLE}
    assert recorded == severe | {Fault(FailureType.CRASH, intensity) for intensity in Intensity}
    assert (len(recorded), len(FAULTS)) == (8, 18)


def test_availability() -> None:
    """Chromium's kin has all 18, Firefox 13; what is only observed is never injected."""
    for browser in ("chromium", "headless-shell", "sparticuz", "custom"):
        assert not any(availability(browser).values())
    missing = [reason for reason in availability("firefox").values() if reason]
    assert len(missing) == 5
    assert unavailable("chromium", FailureType.UNKNOWN, MILD)


def test_a_plan_is_its_seed() -> None:
    """The same seed gives the same plan, another one another; each failure comes once before any comes twice."""
    jobs = ["chromium"] * 36
    planned = plan(InjectionOptions(seed=7), jobs)
    assert planned == plan(InjectionOptions(seed=7), jobs)
    assert planned != plan(InjectionOptions(seed=8), jobs)
    assert Counter(one.fault for one in planned) == dict.fromkeys(FAULTS, 2)
    assert {one.fault for one in planned[:18]} == set(FAULTS)


def test_a_plan_leaves_out_what_does_not_exist() -> None:
    """Jobs in Firefox get only what exists there, and none where nothing does."""
    planned = plan(InjectionOptions(seed=1), ["firefox"] * 40)
    assert len(planned) == 40
    assert not any(unavailable("firefox", one.fault.failure, one.fault.intensity) for one in planned)
    only = InjectionOptions(seed=1, types=(FailureType.CRASH,), intensities=(MILD,))
    assert [one.target for one in plan(only, ["firefox", "chromium"])] == ["chromium"]


@given(
    seed=st.integers(0, 99),
    jobs=st.integers(0, 30),
    pause=st.integers(0, 4),
    count=st.integers(0, 12) | st.none(),
    rate=st.floats(0, 1),
)
def test_counts_and_pauses(seed: int, jobs: int, pause: int, count: int | None, rate: float) -> None:
    """A count is met as far as it fits, and between two jobs that get a failure lies the pause."""
    options = InjectionOptions(seed=seed, count=count, pause=pause, rate=rate)
    places = [one.index for one in plan(options, ["chromium"] * jobs)]
    assert all(later - earlier > pause for earlier, later in itertools.pairwise(places))
    assert all(0 <= at < jobs for at in places)
    if count is not None:
        assert len(places) == min(count, -(-jobs // (pause + 1)))


def test_options_out_of_bounds() -> None:
    """What cannot be meant is refused in one sentence."""
    wrong = [{"rate": 1.1}, {"count": -1}, {"pause": -1}, {"types": (FailureType.UNKNOWN,)}, {"types": ()}]
    for words in wrong:
        with pytest.raises(BadInputError):
            InjectionOptions(seed=1, **words)  # type: ignore[arg-type]
