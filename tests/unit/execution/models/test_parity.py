import math

import pytest

pytest.importorskip("numpy")

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dtf.execution.models.parity import Parity, compare, merge

_VALUES = st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=20)


def judge(got: object, wanted: object) -> Parity:
    """One output compared."""
    return compare(["y"], [np.asarray(got)], [np.asarray(wanted)])


@given(_VALUES)
def test_equal_outputs_have_no_error(values: list[float]) -> None:
    """Whatever the values, they equal themselves, at a tolerance of nothing."""
    assert judge(values, values) == Parity()
    assert judge(values, values).verdict(0.0) == ""


@given(_VALUES, st.floats(1e-3, 1e3), st.floats(0.01, 1.0))
def test_the_error_is_relative_to_the_output(values: list[float], scale: float, share: float) -> None:
    """Scaled outputs have the scaled absolute error and the same relative one."""
    wanted = np.array([*values, 1.0])
    got = wanted + share * np.abs(wanted).max()
    first, second = judge(got, wanted), judge(got * scale, wanted * scale)
    assert first.max_rel == pytest.approx(share, rel=1e-6)
    assert second.max_rel == pytest.approx(first.max_rel, rel=1e-6)
    assert second.max_abs == pytest.approx(first.max_abs * scale, rel=1e-6)


def test_an_error_near_zero_weighs_as_the_output_does() -> None:
    """A value that should be zero does not make a relative error without end."""
    assert judge([100.0, 0.001], [100.0, 0.0]).max_rel == pytest.approx(1e-5)
    assert judge([0.25], [0.0]) == Parity(max_abs=0.25, max_rel=0.25)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_fails(bad: float) -> None:
    """NaN and infinity fail at any tolerance, with their counts."""
    assert "of 2 values" in judge([1.0, bad], [1.0, 2.0]).verdict(1e9)
    assert "reference" in judge([1.0, 2.0], [1.0, bad]).verdict(1e9)


def test_whole_numbers_are_compared_one_by_one() -> None:
    """The share of unequal ones is the relative error."""
    assert judge([1, 2, 3, 9], [1, 2, 3, 4]) == Parity(max_abs=5.0, max_rel=0.25)
    assert judge([True, False], [True, True]).max_rel == 0.5


def test_a_wrong_shape_is_named() -> None:
    """Shapes are compared before values."""
    assert judge([[1.0]], [1.0]).verdict(1.0) == "output 'y' has the shape (1, 1), the reference (1,)"


def test_the_verdict_has_the_numbers() -> None:
    """Beyond the tolerance the sentence tells both errors and the tolerance; at it nothing is wrong."""
    parity = merge(Parity(max_abs=2.0, max_rel=0.125), Parity(max_abs=3.0, max_rel=0.0))
    assert parity.verdict(0.125) == ""
    assert "0.125 of the largest output (absolute 3), the tolerance is 0.1" in parity.verdict(0.1)
