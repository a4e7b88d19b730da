"""Replaces a Celery worker's pool children one after the other, those that are idle."""

import logging
from typing import Any, Final

_log = logging.getLogger(__name__)

#: Between two children, in seconds: one that was told to end must be gone before another one is looked for.
PAUSE_S: Final = 1.0


def renew_children(consumer: Any, count: int) -> None:  # noqa: ANN401  # Celery has no types
    """Replace so many children, in the worker's loop; a child that carries a hint is never ended.

    Args:
        consumer: The worker's.
        count: How many are left to be replaced; each step ends the oldest idle one, and a new one takes its place.
    """
    pool = consumer.pool
    if count <= 0:
        return
    if not hasattr(pool, "shrink"):
        _log.info("this kind of pool has no children that could be replaced")
        return
    try:
        pool.shrink(1)
    except ValueError:  # all are busy; they hold nothing but a connection to the guardian
        _log.info("%d pool children are not replaced: they are busy", count)
        return
    pool.grow(1)
    consumer.timer.call_after(PAUSE_S, renew_children, (consumer, count - 1))
