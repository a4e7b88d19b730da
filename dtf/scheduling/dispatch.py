"""Which waiting shards are hinted now."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Protocol

from dtf.domain.ports.control import WaitingShard

#: However short the shards are, no more hints than this are out for a slot.
MOST_PER_SLOT: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How much is hinted ahead of what slots have claimed.

    Attributes:
        seconds: Predicted work for each slot.
        shards: At least so many shards for each slot.
    """

    seconds: float = 1.0
    shards: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """What the dispatcher knows of a queue.

    Attributes:
        slots: Slots of live workers that consume it.
        length: Messages that wait in it, hints for shards that are claimed by now included.
    """

    slots: int
    length: int


class Strategy(Protocol):
    """Orders the shards of one queue."""

    def order(self, waiting: Sequence[WaitingShard]) -> Sequence[WaitingShard]:
        """Those that are not hinted yet, the one to be hinted first ahead; a higher priority is never behind."""
        ...


class FairStrategy:
    """Priority first; runs of one priority take turns; inside a run by rank, then by age.

    A run's turn comes when it has the fewest hints out, so that a small run beside a large one waits for its own
    shards only. Between equals the one that has waited longest comes first.
    """

    def order(self, waiting: Sequence[WaitingShard]) -> Sequence[WaitingShard]:
        """Those that are not hinted yet, the one to be hinted first ahead."""
        result: list[WaitingShard] = []
        by_priority = sorted(waiting, key=lambda shard: -shard.priority)
        for _, members in groupby(by_priority, key=lambda shard: shard.priority):
            result.extend(self._turns(list(members)))
        return result

    def _turns(self, waiting: Sequence[WaitingShard]) -> list[WaitingShard]:
        out = Counter(shard.run_id for shard in waiting if shard.hinted_s is not None)
        fresh: dict[str, list[WaitingShard]] = defaultdict(list)
        for shard in sorted(waiting, key=lambda shard: (-shard.rank, shard.waiting_s)):
            if shard.hinted_s is None:
                fresh[shard.run_id].append(shard)  # the first to go at the end
        turns = [(out[run_id], -shards[-1].waiting_s, run_id) for run_id, shards in fresh.items()]
        heapq.heapify(turns)
        result = []
        while turns:
            taken, age, run_id = heapq.heappop(turns)
            result.append(fresh[run_id].pop())
            if fresh[run_id]:
                heapq.heappush(turns, (taken + 1, age, run_id))
        return result


def choose(
    waiting: Sequence[WaitingShard],
    queues: Mapping[str, QueueState],
    *,
    window: Window | None = None,
    strategy: Strategy | None = None,
) -> tuple[WaitingShard, ...]:
    """Choose the shards to hint now, in the order of sending.

    Each queue's window holds about ``window.seconds`` of predicted work a slot, at least ``window.shards`` of them.
    Hints for less urgent shards do not fill the window of a higher priority. A queue is not made longer than twice its
    window: what lies there may be hints of shards that slots went on to by themselves, and a free slot has to read
    through them.

    Args:
        waiting: Queued shards that are due, the hinted ones too.
        queues: Queues with slots; a queue that is missing gets nothing.
        window: How much to hint ahead.
        strategy: Orders the shards of a queue.
    """
    window = window or Window()
    strategy = strategy or FairStrategy()
    by_queue: dict[str, list[WaitingShard]] = defaultdict(list)
    for shard in waiting:
        by_queue[shard.queue].append(shard)
    chosen: list[WaitingShard] = []
    for name, shards in by_queue.items():
        state = queues.get(name)
        if state is not None and state.slots > 0:
            chosen.extend(_fill(strategy.order(shards), [s for s in shards if s.hinted_s is not None], state, window))
    return tuple(chosen)


def _fill(
    fresh: Sequence[WaitingShard], hinted: Sequence[WaitingShard], state: QueueState, window: Window
) -> list[WaitingShard]:
    """Take from ``fresh`` until the queue's window is full."""
    chosen: list[WaitingShard] = []
    for priority, members in groupby(fresh, key=lambda shard: shard.priority):
        ahead = [shard for shard in (*hinted, *chosen) if shard.priority >= priority]
        count, seconds = len(ahead), sum(shard.predicted_s for shard in ahead)
        length = state.length + len(chosen) - sum(shard.priority < priority for shard in hinted)
        for shard in members:
            if _full(count, seconds, state.slots, window) or length >= 2 * max(count, window.shards * state.slots):
                break
            chosen.append(shard)
            count, seconds, length = count + 1, seconds + shard.predicted_s, length + 1
    return chosen


def _full(count: int, seconds: float, slots: int, window: Window) -> bool:
    if count < window.shards * slots:
        return False
    return seconds >= window.seconds * slots or count >= MOST_PER_SLOT * slots
