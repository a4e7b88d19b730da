"""Sends what waits to fallback hardware while the breakers of its own are open."""

import logging
from collections.abc import Collection, Sequence
from typing import Final

from dtf.domain.breaker import Target
from dtf.domain.clock import Clock
from dtf.domain.held import holders
from dtf.domain.match import capacity
from dtf.domain.ports.control import Term
from dtf.domain.ports.fallbacks import Fallbacks, Stranded
from dtf.domain.queue import queue_name, split_queue
from dtf.domain.worker import WorkerInfo

log = logging.getLogger(__name__)

#: After so long in one turn the rest waits for the next, in seconds.
BUDGET_S: Final = 1.0
#: How many breakers a reason names.
_NAMED: Final = 3


class Rerouting:
    """Moves the waiting shards of jobs that allow it, and brings back what nobody has claimed.

    A queue is held when the breakers of all slots that could take its shards are open. It has to be so for a while: an
    outage that is over soon costs a short wait, and a degraded result costs the answer. Where recovery has come to its
    last level for a shard that waits there, it is not waited for.
    """

    def __init__(self, fallbacks: Fallbacks, clock: Clock, after_s: float) -> None:
        """Build one.

        Args:
            fallbacks: Moves shards.
            clock: The time.
            after_s: How long a queue has to be held, in seconds.
        """
        self._fallbacks = fallbacks
        self._clock = clock
        self._after_s = after_s
        self._held_since: dict[str, float] = {}
        self._reached: dict[str, Stranded] = {}
        self._some_away = True

    def reset(self) -> None:
        """Forget what was seen in an earlier term."""
        self._held_since, self._reached = {}, {}
        self._some_away = True

    def apply(self, term: Term, refusing: Collection[Target]) -> None:
        """Move what is to be moved now.

        Args:
            term: The leader's.
            refusing: The targets whose breakers let no work through.
        """
        if not refusing and not self._some_away:
            self._held_since = {}
            return
        begin = self._clock.monotonic()
        workers = self._fallbacks.live_workers()
        self._bring_home(term, workers, refusing)
        held = {queue: who for queue in self._fallbacks.open_queues() if (who := holders(queue, workers, refusing))}
        self._held_since = {queue: self._held_since.get(queue, begin) for queue in held}
        self._reached = {queue: one for queue, one in self._reached.items() if queue in held}
        at_once = self._fallbacks.failed_over() if held else ()
        for queue, who in held.items():
            if queue in at_once or begin - self._held_since[queue] >= self._after_s:
                self._move(term, queue, who, workers, refusing)
            if self._clock.monotonic() - begin > BUDGET_S:
                return

    def _bring_home(self, term: Term, workers: Sequence[WorkerInfo], refusing: Collection[Target]) -> None:
        homes = self._fallbacks.homes() if self._some_away else ()
        self._some_away = bool(homes)
        for home in homes:
            if _is_served(home, workers, refusing):
                count = self._fallbacks.bring_home(term, home, "its own hardware takes work again")
                log.info("%d shards are back in the queue %s, whose hardware takes work again", count, home)

    def _move(
        self,
        term: Term,
        queue: str,
        who: Sequence[Target],
        workers: Sequence[WorkerInfo],
        refusing: Collection[Target],
    ) -> None:
        reason = open_words(who)
        # those whose fallback nobody serves stay: they are not to stand before the rest for ever
        for stranded in self._fallbacks.stranded(queue, self._reached.get(queue)):
            self._reached[queue] = stranded
            choices = (_destination(choice, stranded) for choice in stranded.fallback)
            to = next((c for c in choices if c != queue and _is_served(c, workers, refusing)), None)
            count = self._fallbacks.move(term, stranded, to, reason) if to else 0
            if count:
                self._some_away = True
                log.warning("job %s: %d shards go from %s to %s: %s", stranded.job_id, count, queue, to, reason)


def open_words(who: Sequence[Target]) -> str:
    """``the breakers of cuda/GPU-1 and cuda/GPU-2 are open``."""
    names = [str(target) for target in who[:_NAMED]]
    names += [f"{len(who) - _NAMED} more"] if len(who) > _NAMED else []
    if len(names) == 1:
        return f"the breaker of {names[0]} is open"
    return f"the breakers of {', '.join(names[:-1])} and {names[-1]} are open"


def _is_served(queue: str, workers: Sequence[WorkerInfo], refusing: Collection[Target]) -> bool:
    return any(capacity(worker, queue) for worker in workers) and not holders(queue, workers, refusing)


def _destination(choice: str, stranded: Stranded) -> str:
    """The fallback's queue; what the tests themselves require beside their job holds there, too."""
    tag, own = split_queue(choice)
    of_job = {requirement.text for requirement in split_queue(stranded.job_queue)[1]}
    of_tests = [r.text for r in split_queue(stranded.home)[1] if r.text not in of_job]
    return queue_name(tag, (*(requirement.text for requirement in own), *of_tests))
