"""Whether outputs are what a reference says."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """How far outputs are from a reference.

    Attributes:
        max_abs: The largest absolute error.
        max_rel: The largest absolute error of an output as a share of the largest magnitude in that output's
            reference; of whole numbers and booleans the share that is unequal. An error near zero weighs what it
            weighs beside the output's other values.
        problem: What is wrong beside numbers that differ: another shape, NaN; empty: nothing.
    """

    max_abs: float = 0.0
    max_rel: float = 0.0
    problem: str = ""

    def verdict(self, tolerance: float) -> str:
        """One sentence on what is wrong at this tolerance for ``max_rel``; empty: nothing."""
        if self.problem:
            return self.problem
        if self.max_rel > tolerance:
            return (
                f"the outputs are wrong: the largest error is {self.max_rel:.3g} of the largest output "
                f"(absolute {self.max_abs:.3g}), the tolerance is {tolerance:g}"
            )
        return ""


def compare(names: Sequence[str], outputs: Sequence["NDArray[Any]"], reference: Sequence["NDArray[Any]"]) -> Parity:
    """Compare outputs with their reference, each by itself; the worst of all is told."""
    worst = Parity()
    for name, got, wanted in zip(names, outputs, reference, strict=True):
        worst = merge(worst, _compare_one(name, got, wanted))
    return worst


def merge(first: Parity, second: Parity) -> Parity:
    """The worse of both in everything."""
    return Parity(
        max_abs=max(first.max_abs, second.max_abs),
        max_rel=max(first.max_rel, second.max_rel),
        problem=first.problem or second.problem,
    )


def _compare_one(name: str, got: "NDArray[Any]", wanted: "NDArray[Any]") -> Parity:
    import numpy as np  # noqa: PLC0415  # the models extra

    if got.shape != wanted.shape:
        return Parity(problem=f"output {name!r} has the shape {got.shape}, the reference {wanted.shape}")
    if got.size == 0:
        return Parity()
    if got.dtype.kind in "iub" or got.dtype.kind not in "fV":
        unequal = float(np.mean(got != wanted))
        return Parity(max_rel=unequal, max_abs=_largest_gap(got, wanted))
    values, truth = got.astype(np.float64), wanted.astype(np.float64)
    if problem := _not_finite(name, values):
        return Parity(problem=problem)
    if problem := _not_finite(name, truth):
        return Parity(problem=f"the reference's {problem}")
    error = float(np.abs(values - truth).max())
    scale = float(np.abs(truth).max())
    relative = error / scale if scale > 0 else (0.0 if error == 0 else math.inf)
    # a reference of zeros has no scale; the error then stands for itself
    return Parity(max_abs=error, max_rel=error if math.isinf(relative) else relative)


def _largest_gap(got: "NDArray[Any]", wanted: "NDArray[Any]") -> float:
    import numpy as np  # noqa: PLC0415  # the models extra

    if got.dtype.kind not in "iub":
        return 0.0
    return float(np.abs(got.astype(np.float64) - wanted.astype(np.float64)).max())


def _not_finite(name: str, values: "NDArray[Any]") -> str:
    import numpy as np  # noqa: PLC0415  # the models extra

    nans, infinite = int(np.isnan(values).sum()), int(np.isinf(values).sum())
    if not nans and not infinite:
        return ""
    return f"output {name!r} has {nans} NaN and {infinite} infinite of {values.size} values"
