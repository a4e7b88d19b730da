import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtf.analysis.quantiles import quantile

_SAMPLES = st.lists(st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=200)


def test_the_interval_is_the_tables() -> None:
    """Ranks for the median of 50 are 18 and 33, as the published tables of order statistics have them."""
    found = quantile([float(number) for number in range(1, 51)], 0.5)
    assert (found.value, found.low, found.high) == (25, 18, 33)


@pytest.mark.parametrize(("q", "enough"), [(0.95, 72), (0.99, 368)])
def test_an_upper_end_needs_enough_samples(q: float, enough: int) -> None:
    """With one sample less there is no upper end, and none is made up."""
    assert quantile([float(n) for n in range(enough)], q).high is not None
    assert quantile([float(n) for n in range(enough - 1)], q).high is None


@given(_SAMPLES, st.floats(0.01, 0.99))
def test_estimate_and_ends_are_samples_in_order(samples: list[float], q: float) -> None:
    """The estimate is a sample, its interval holds it, and the share of samples up to it is at least q."""
    found = quantile(samples, q)
    assert found.value in samples
    assert found.low is None or found.low <= found.value
    assert found.high is None or found.high >= found.value
    assert sum(one <= found.value for one in samples) >= math.floor(q * len(samples))


@given(_SAMPLES, st.floats(0.01, 0.99), st.floats(0.5, 100))
def test_units_do_not_matter(samples: list[float], q: float, factor: float) -> None:
    """In another unit the figures are the same ones."""
    assert quantile([one * factor for one in samples], q).value == quantile(samples, q).value * factor


def test_the_interval_covers_the_true_quantile_as_often_as_it_says() -> None:
    """Of 2,000 seeded experiments with 40 samples at least 95 % contain the true median, and not nearly all do."""
    stream = random.Random(7)
    hits = 0
    for _ in range(2000):
        found = quantile([stream.expovariate(1.0) for _ in range(40)], 0.5)
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= math.log(2) <= found.high
    assert 0.95 <= hits / 2000 <= 0.98


@pytest.mark.parametrize(("samples", "q"), [([], 0.5), ([1.0], 0.0), ([1.0], 1.0)])
def test_nonsense_is_refused(samples: list[float], q: float) -> None:
    """No samples, or no quantile, is an error."""
    with pytest.raises(ValueError, match="needs samples"):
        quantile(samples, q)
