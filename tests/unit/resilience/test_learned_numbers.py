import pytest

from dtf.domain.breaker import Target
from dtf.domain.learned import Learned, LearnedGroup, LearnedTarget
from dtf.resilience.breaker_params import BreakerParams
from dtf.resilience.learned_numbers import (
    BAD_RATE_BOUNDS,
    GROUP_BOUNDS,
    MEDIAN_BOUNDS_S,
    learned_params,
    learned_rates,
    learned_sibling_factor,
)
from dtf.resilience.likelihood import Rates

CUDA = Target(hardware="cuda", name="a")


def of(known: LearnedTarget, **groups: LearnedGroup) -> Learned:
    """What was learned of one target and some groups."""
    return Learned(version=1, at=1.0, targets={str(CUDA): known}, groups=groups)


def test_what_was_learned_of_outages_becomes_the_breakers_numbers_and_the_rest_stays() -> None:
    """Hazard, median and shape are taken over; thresholds are not."""
    known = LearnedTarget(hazard_per_s=0.001, outage_log_mean=5.0, outage_log_sd=1.702)
    params = learned_params(of(known), CUDA, BreakerParams(open_at=0.8))
    assert (params.bad_rate, params.outage_shape, params.open_at) == (0.001, 1.0, 0.8)
    assert params.outage_median_s == pytest.approx(148.4, abs=0.1)


def test_absurd_values_are_bounded() -> None:
    """Nothing that was learned makes a breaker blind or mad."""
    mad = LearnedTarget(hazard_per_s=5.0, outage_log_mean=50.0, outage_log_sd=0.0)
    params = learned_params(of(mad), CUDA, BreakerParams())
    assert params.bad_rate == BAD_RATE_BOUNDS[1]
    assert params.outage_median_s == MEDIAN_BOUNDS_S[1]
    assert params.outage_shape < 10
    rates = learned_rates(of(mad, suite=LearnedGroup(failure_rate=1.0)), CUDA, "suite", Rates())
    assert rates.group == GROUP_BOUNDS[1]


def test_siblings_are_suspected_as_often_as_they_fell_together() -> None:
    """Hardware whose targets fall alone keeps the factor; one whose targets fall together raises them to suspicion."""
    alone = learned_sibling_factor(of(LearnedTarget(sibling_rate=0.0)), CUDA, 3.0)
    half = learned_sibling_factor(of(LearnedTarget(sibling_rate=0.5)), CUDA, 3.0)
    always = learned_sibling_factor(of(LearnedTarget(sibling_rate=1.0)), CUDA, 3.0)
    assert alone == 3.0
    # odds of 0.02 become even
    assert half == pytest.approx(50.0)
    assert half < always < 1000
