"""When a check gives up by itself, so that it can still say why and keep what it has."""

from dtf.execution.host.messages import Order

#: What closing a page and writing its log may take, in seconds.
_TIDYING_S = 2.0


def own_limit_s(order: Order) -> float:
    """How long a check waits for a page, in seconds: somewhat less than the order's limit."""
    return max(order.time_limit_s - _TIDYING_S, order.time_limit_s * 0.8)
