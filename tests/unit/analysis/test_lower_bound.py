import pytest

from dtf.analysis.lower_bound import lower_bound


def test_even_work_is_bounded_by_its_share() -> None:
    """Ten pieces of a second on two slots take at least five."""
    bound = lower_bound([1.0] * 10, slots=2)

    assert (bound.seconds, bound.even_s, bound.longest_s, bound.work_s) == (5.0, 5.0, 1.0, 10.0)


def test_the_longest_piece_is_a_bound_of_its_own() -> None:
    """More slots do not make one test faster."""
    assert lower_bound([30.0, 1.0, 1.0], slots=8).seconds == 30.0


def test_nothing_takes_no_time() -> None:
    """A run without results has the bound zero, on any number of slots."""
    assert lower_bound([], slots=0).seconds == 0.0


def test_a_negative_duration_counts_as_none() -> None:
    """A clock that was set back does not lower the bound."""
    assert lower_bound([-5.0, 4.0], slots=1).work_s == pytest.approx(4.0)
