from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtf.domain.breaker import Sign, Target
from dtf.domain.learned import Learned, LearnedGroup, LearnedTarget
from dtf.resilience.breaker import failures_to_open, fresh
from dtf.resilience.breaker_params import FIXED, LEAST_FAILURES, MOST_FAILURES, BreakerParams, Policy
from dtf.resilience.likelihood import Rates, likelihood
from dtf.resilience.tuning import overrun_s, tuned, tuned_rates
from tests.support.breaker_events import RATES, numbers

CUDA = Target(hardware="cuda", name="GPU-1")
ROCM = Target(hardware="rocm", name="GPU-2")
AMPLE = 1000

#: What a learner could publish, and far more: a reader trusts nothing.
_WILD = st.builds(
    LearnedTarget,
    base_rate=st.floats(0, 1),
    hazard_per_s=st.floats(0, 10),
    outage_log_mean=st.floats(-20, 20),
    outage_log_sd=st.floats(0, 20),
    latency_drift=st.floats(-20, 20),
    evidence=st.integers(0, 1000),
)


def learned(targets: Mapping[Target, LearnedTarget]) -> Learned:
    """A publication about some targets."""
    return Learned(version=1, at=0.0, targets={str(target): known for target, known in targets.items()})


def threshold(found: Learned | None, target: Target) -> int:
    """How many failures in a row open a calm breaker."""
    params = tuned(found, target, BreakerParams(), age_s=1.0, stale_s=120.0, cold_below=20).params
    rates = tuned_rates(found, target, "", Rates())
    return failures_to_open(fresh(params, 0.0), params, likelihood(Sign.INFRA, rates))


@settings(max_examples=300)
@given(params=numbers(), rates=RATES, known=_WILD)
def test_the_threshold_stays_within_its_bounds_whatever_was_learned(
    params: BreakerParams, rates: Rates, known: LearnedTarget
) -> None:
    """From 2 to 10 failures in a row open a calm breaker, also with numbers that no learner should publish."""
    found = learned({CUDA: known})
    params = tuned(found, CUDA, params, age_s=0.0, stale_s=120.0, cold_below=0).params
    rates = tuned_rates(found, CUDA, "suite", rates)
    count = failures_to_open(fresh(params, 0.0), params, likelihood(Sign.INFRA, rates))
    assert LEAST_FAILURES <= count <= MOST_FAILURES


@pytest.mark.parametrize("wild", [-1, 0, 1, 11, 10**6])
def test_a_fixed_threshold_stays_within_its_bounds(wild: int) -> None:
    """Numbers of other origin are put within bounds too."""
    params = tuned(None, CUDA, replace(FIXED, failures_to_open=wild), age_s=0, stale_s=1, cold_below=0).params
    assert LEAST_FAILURES <= params.failures_to_open <= MOST_FAILURES


def test_what_was_learned_moves_the_threshold() -> None:
    """Where a fifth of the jobs fails on a healthy target more failures are needed than where hardly one does."""
    found = learned(
        {CUDA: LearnedTarget(base_rate=0.004, evidence=AMPLE), ROCM: LearnedTarget(base_rate=0.3, evidence=AMPLE)}
    )
    assert threshold(found, CUDA) < threshold(found, ROCM)


@pytest.mark.parametrize(
    ("found", "age_s", "why"),
    [
        (None, 0.0, "nothing was learned"),
        (learned({CUDA: LearnedTarget(evidence=AMPLE)}), 121.0, "121 s old"),
        (learned({CUDA: LearnedTarget(evidence=19)}), 0.0, "only 19 of 20"),
        (learned({}), 0.0, "only 0 of 20"),
        (Learned(hardware={"cuda": LearnedTarget(evidence=AMPLE)}), 0.0, "only 0 of 20"),
    ],
)
def test_without_anything_that_can_be_trusted_the_fixed_breaker_decides(
    found: Learned | None, age_s: float, why: str
) -> None:
    """Missing, stale and cold each mean the fixed breaker, and say so."""
    result = tuned(found, CUDA, BreakerParams(failures_to_open=3), age_s=age_s, stale_s=120.0, cold_below=20)
    assert result.params.policy is Policy.FIXED
    assert result.params.failures_to_open == 3
    assert why in result.why_fixed


def test_what_can_be_trusted_is_used() -> None:
    """Hazard, outages and the failure rate are those that were learned."""
    found = learned({CUDA: LearnedTarget(base_rate=0.1, hazard_per_s=1 / 600, outage_log_mean=3.0, evidence=AMPLE)})
    result = tuned(found, CUDA, BreakerParams(), age_s=119.0, stale_s=120.0, cold_below=20)
    assert not result.why_fixed
    assert result.params.policy is Policy.BELIEF
    assert result.params.bad_rate == pytest.approx(1 / 600)
    assert result.params.outage_median_s == pytest.approx(20.1, abs=0.1)
    assert tuned_rates(found, CUDA, "", Rates()).base == 0.1


def test_a_job_is_late_after_what_its_group_takes_on_that_target() -> None:
    """The mean and 1.9 standard deviations of the logarithm, and the target's own drift; unknown groups have none."""
    group = LearnedGroup(duration_log_mean=2.0, duration_log_sd=0.5, evidence=50)
    found = Learned(targets={str(CUDA): LearnedTarget(latency_drift=0.5)}, groups={"suite": group})
    assert overrun_s(found, ROCM, "suite") == pytest.approx(19.1, abs=0.1)
    assert overrun_s(found, CUDA, "suite") == pytest.approx(31.5, abs=0.1)
    assert overrun_s(found, CUDA, "another") is None
    assert overrun_s(None, CUDA, "suite") is None
