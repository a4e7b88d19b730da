import math

import pytest

from dtf.execution.checks.cpu import check_cpu


def test_this_processor_computes_rightly() -> None:
    """The machine that runs this test can be trusted."""
    assert check_cpu() == ""


def test_one_wrong_bit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A square root that errs in its last bit is a reason."""
    right = math.sqrt
    monkeypatch.setattr(math, "sqrt", lambda n: math.nextafter(right(n), math.inf) if n == 777 else right(n))
    assert "a digest of square roots is" in check_cpu()
