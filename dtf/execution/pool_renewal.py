"""Replaces a Celery worker's pool children one after the other, those that are idle."""

import logging
from typing import Any, Final

_log = logging.getLogger(__name__)

#: How often it is looked whether a child that was told to end is gone, in seconds.
PAUSE_S: Final = 0.5
#: So often in a row; a child that was just forked may not have heard.
_MOST_LOOKS: Final = 20


class PoolRenewal:
    """Replaces a worker's pool children, in the worker's loop; a child that carries a hint is never ended.

    The oldest idle child is told to end, and when it is gone and followed by a new one, the next.
    """

    def __init__(self, consumer: Any) -> None:  # noqa: ANN401  # Celery has no types
        """Build one for the worker whose consumer it is."""
        self._consumer = consumer
        self._old: set[int] = set()
        self._looks = 0

    def begin(self) -> None:
        """Begin; one that is under way takes in the children that came since."""
        if not hasattr(self._consumer.pool, "shrink"):
            _log.info("this kind of pool has no children that could be replaced")
            return
        under_way, self._old = bool(self._old), self._pids()
        if not under_way:
            self._end_one()

    def _pids(self) -> set[int]:
        return set(self._consumer.pool.info["processes"])

    def _end_one(self) -> None:
        pool = self._consumer.pool
        try:
            pool.shrink(1)
        except ValueError:  # all are busy; they hold nothing but a connection to the guardian
            _log.info("%d pool children are not replaced: they are busy", len(self._old))
            self._old.clear()
            return
        pool.grow(1)
        self._looks = 0
        self._later()

    def _look(self) -> None:
        """Go on when one is gone."""
        left = self._old & self._pids()
        self._looks += 1
        if not left or self._looks > _MOST_LOOKS:
            _log.info("pool children were replaced; %d are left as they are", len(left))
            self._old.clear()
        elif len(left) < len(self._old):
            self._old = left
            self._end_one()
        else:
            self._later()

    def _later(self) -> None:
        self._consumer.timer.call_after(PAUSE_S, self._look)
