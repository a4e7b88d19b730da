"""The loop that hints waiting shards to the workers."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from dtf.coordination.outage import Outage
from dtf.domain.clock import Clock
from dtf.domain.errors import BrokerUnavailableError
from dtf.domain.ports.control import CollectingJob, Control, Term, WaitingShard
from dtf.domain.ports.hints import Hints
from dtf.domain.shard import ShardKind
from dtf.scheduling.dispatch import QueueState, Window, choose
from dtf.scheduling.rehint import look

log = logging.getLogger(__name__)

#: How often the hints that are out are compared with the queues, in seconds.
LOOK_S: Final = 1.0

#: How many waiting shards of a queue are read at least.
_READ = 64


class Dispatcher:
    """Keeps each queue's window filled, and sends lost hints again.

    A hint is sent first and noted afterwards: a coordinator that dies in between leaves a doubled hint, which is
    harmless, and never one that is noted but was not sent.
    """

    name = "dispatcher"
    interval_s = 0.0

    def __init__(self, control: Control, hints: Hints, clock: Clock, window: Window) -> None:
        self._control = control
        self._hints = hints
        self._clock = clock
        self._window = window
        self._outage = Outage("The message broker", "shards wait in the database until it is back", clock)
        self._prepared: dict[str, int] = {}
        self._incarnation: str | None = None
        self._suspects: frozenset[str] = frozenset()
        self._next_look = 0.0
        self._widest = 0

    def reset(self) -> None:
        """Forget the queues' state of an earlier term."""
        self._incarnation = None
        self._suspects = frozenset()

    def tick(self, term: Term) -> None:
        """Hint what is to be hinted now."""
        if self._outage.pausing:
            return
        waiting = self._control.waiting(max(_READ, self._window.shards * self._widest))
        collecting = self._control.collecting()
        if not waiting and not collecting:
            return
        slots = self._control.slots()
        self._widest = max(slots.values(), default=0)
        try:
            chosen = self._dispatch(term, waiting, slots)
            self._prepare(waiting, chosen, collecting, slots)
        except BrokerUnavailableError as error:
            self._outage.failed(error)
        else:
            self._outage.succeeded()

    def _dispatch(
        self, term: Term, waiting: Sequence[WaitingShard], slots: Mapping[str, int]
    ) -> Sequence[WaitingShard]:
        served = {shard.queue for shard in waiting if slots.get(shard.queue, 0) > 0}
        lengths = {queue: self._hints.length(queue) for queue in sorted(served)}
        again = self._lost(waiting, lengths)
        if again:
            log.warning("%d hints were lost; sending them again", len(again))
        queues = {queue: QueueState(slots=slots[queue], length=length) for queue, length in lengths.items()}
        chosen = choose(waiting, queues, window=self._window)
        self._send(term, (*again, *chosen))
        return chosen

    def _lost(self, waiting: Sequence[WaitingShard], lengths: Mapping[str, int]) -> tuple[WaitingShard, ...]:
        now = self._clock.monotonic()
        if now < self._next_look:
            return ()
        incarnation = self._hints.incarnation()
        changed = self._incarnation is not None and incarnation != self._incarnation
        found = look(waiting, lengths, suspects=self._suspects, broker_changed=changed)
        self._next_look, self._suspects = now + LOOK_S, found.suspects
        self._incarnation = incarnation
        return found.again

    def _send(self, term: Term, shards: Sequence[WaitingShard]) -> None:
        sent: list[str] = []
        try:
            for shard in shards:
                self._hints.send_shard(shard.queue, shard.shard_id)
                sent.append(shard.shard_id)
        finally:
            if sent:
                self._control.mark_hinted(term, sent)

    def _prepare(
        self,
        waiting: Sequence[WaitingShard],
        chosen: Sequence[WaitingShard],
        collecting: Sequence[CollectingJob],
        slots: Mapping[str, int],
    ) -> None:
        """Let slots that would idle while a suite is collected warm it up, also those that come a little later.

        Each suite gets one hint for each slot that neither collects nor has a shard waiting for it.
        """
        queues = {shard.job_id: shard.queue for shard in (*chosen, *filter(_is_hinted, waiting)) if _collects(shard)}
        queues.update((job.job_id, job.queue) for job in collecting)
        self._prepared = {job_id: self._prepared.get(job_id, 0) for job_id in queues}
        busy = Counter(queues.values())
        busy.update(shard.queue for shard in waiting if shard.job_id not in queues)
        for job_id, queue in queues.items():
            for _ in range(slots.get(queue, 0) - busy[queue] - self._prepared[job_id]):
                self._hints.send_prepare(queue, job_id)
                self._prepared[job_id] += 1


def _is_hinted(shard: WaitingShard) -> bool:
    return shard.hinted_s is not None


def _collects(shard: WaitingShard) -> bool:
    return shard.kind == ShardKind.COLLECT
