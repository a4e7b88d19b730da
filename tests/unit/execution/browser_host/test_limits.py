import pytest

from dtf.execution.browser_host.limits import AFTER_S, keeping_s, last_limit_s, over_time, own_limit_s
from dtf.execution.host.messages import Order
from dtf.execution.host.process import PATIENCE_S


@pytest.mark.parametrize("limit_s", [0.001, 0.5, 3.0, 12.0, 600.0, 86_400.0])
def test_there_is_time_to_tell_and_never_much_beyond_the_limit(limit_s: float) -> None:
    """A check gives up, then it is ended, then its files are kept, all before the guardian's patience is over."""
    order = Order(number=1, do="page", time_limit_s=limit_s, after_s=AFTER_S)
    assert 0 < own_limit_s(order) <= last_limit_s(order) < limit_s
    kept_at = last_limit_s(order) + keeping_s(order, last_limit_s(order))
    assert kept_at < limit_s + AFTER_S + PATIENCE_S <= limit_s + 2.0
    assert keeping_s(order, limit_s + 5) == 0


def test_the_reason_says_when_it_was_ended() -> None:
    """The figure is that of the check's own limit, not of the job's."""
    assert over_time(Order(number=1, do="page", time_limit_s=12.0)).startswith(
        "it did not end within 10.8 s (its limit"
    )
