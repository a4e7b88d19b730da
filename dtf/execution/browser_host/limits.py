"""When a check gives up by itself, so that it can still say why and keep what it has."""

from dtf.execution.host.messages import Order
from dtf.execution.injector.injection import CLEAR_S

#: How much longer than its limit an order may take for what is kept of it, in seconds; for ``Order.after_s``.
AFTER_S = 1.0

#: How long a failure that is being injected when a check is ended is still looked for, in seconds.
LOOK_S = 5.0
#: How much longer than other orders one may take under which a failure is injected, in seconds: for that look, and for
#: taking the failure back, which is tried again where it was not seen.
INJECTION_S = LOOK_S + 2 * CLEAR_S

#: What closing a page and writing its log may take, in seconds.
_TIDYING_S = 2.0
#: What sending the answer may take, in seconds.
_ANSWER_S = 0.2


def own_limit_s(order: Order) -> float:
    """How long a check waits for a page, in seconds: somewhat less than the order's limit."""
    return max(order.time_limit_s - _TIDYING_S, order.time_limit_s * 0.8)


def last_limit_s(order: Order) -> float:
    """When a check that does not give up by itself is ended, in seconds: with time left for what is kept of it."""
    spare = min(max(0.5, min(_TIDYING_S, order.time_limit_s * 0.1)), order.time_limit_s * 0.1)
    return order.time_limit_s - spare


def keeping_s(order: Order, used_s: float) -> float:
    """How long keeping what a check leaves may take, in seconds.

    Args:
        order: The order.
        used_s: How long it has taken so far, in seconds.
    """
    return max(order.time_limit_s + order.after_s - _ANSWER_S - used_s, 0.0)


def over_time(order: Order) -> str:
    """The reason of a check that was ended at ``last_limit_s``."""
    own = last_limit_s(order)
    return (
        f"it did not end within {own:g} s (its limit of {order.time_limit_s:g} s, less some time to keep what it left)"
    )
