"""The loop that settles what nobody else will."""

import logging
from functools import partial
from typing import Final

from dtf.coordination.sickbay import Sickbay
from dtf.coordination.truce import Truce
from dtf.domain.clock import Clock
from dtf.domain.ports.control import Control, LostAttempt, Term
from dtf.domain.recovery import RecoveryLevel
from dtf.domain.shard import Requeue
from dtf.resilience.recovery import Circumstances, decide

log = logging.getLogger(__name__)

#: After so long in one tick the other loops have their turn, in seconds; what was read before may no longer hold.
BUDGET_S: Final = 1.0

#: Of a worker that is silent nothing can be restarted; its shards can only go elsewhere.
_OUT_OF_REACH: Final = Circumstances(reach=RecoveryLevel.ENHANCED_RETRY)


class Reaper:
    """Settles attempts whose lease ended, silent workers, and runs that are over their time or were left alone."""

    name = "reaper"
    interval_s = 1.0

    def __init__(self, control: Control, worker_silent_s: float, clock: Clock, truce: Truce) -> None:
        self._control = control
        self._clock = clock
        self._truce = truce
        self._sick = Sickbay(clock)
        self._worker_silent_s = worker_silent_s

    def tick(self, term: Term) -> None:
        """Settle what is over by now."""
        if self._truce.holds:
            return
        begin = self._clock.monotonic()
        for part in (self._cancel, self._lose, self._reap):
            part(term)
            if self._clock.monotonic() - begin > BUDGET_S:
                return

    def reset(self) -> None:
        """There is nothing to forget."""

    def _cancel(self, term: Term) -> None:
        cancelled = self._control.cancel_overdue(term)
        if cancelled:
            log.info("%d runs cancelled: over their time, or their command ended", cancelled)

    def _lose(self, term: Term) -> None:
        for worker_id in self._control.lose_workers(term, self._worker_silent_s):
            log.warning("worker %s was silent for %.0f s and counts as lost", worker_id, self._worker_silent_s)

    def _reap(self, term: Term) -> None:
        begin = self._clock.monotonic()
        for lost in self._control.lost_attempts():
            shard_id = lost.result.shard_id
            self._sick.attend(shard_id, "settling the lost attempt of shard", partial(self._expire, term, lost))
            if self._clock.monotonic() - begin > BUDGET_S:
                return

    def _expire(self, term: Term, lost: LostAttempt) -> None:
        decision = decide(
            lost.result,
            crashes=lost.crashes,
            max_retries=lost.max_retries,
            refunds=lost.refunds,
            circumstances=_OUT_OF_REACH,
        )
        if self._control.expire(term, lost, decision):
            log.warning(
                "shard %s: attempt %d is lost (%s); %s",
                lost.result.shard_id, lost.result.attempt, lost.result.reason,
                "what is left runs again" if isinstance(decision, Requeue) else "it was the last one",
            )  # fmt: skip
