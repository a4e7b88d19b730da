"""Which hints were lost and are sent again."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dtf.domain.ports.control import WaitingShard

#: A younger hint may be on its way, or in the hands of a worker that is about to claim its shard; seconds.
YOUNG_S: Final = 2.0

#: An older hint with an empty queue is lost without a second look; seconds.
OLD_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehint:
    """What a look at the hints found.

    Attributes:
        again: Shards whose hints are sent again.
        suspects: Queues that held fewer messages than hints are out; to be handed to the next look.
    """

    again: tuple[WaitingShard, ...]
    suspects: frozenset[str]


def look(
    waiting: Sequence[WaitingShard],
    lengths: Mapping[str, int],
    *,
    suspects: frozenset[str] = frozenset(),
    broker_changed: bool = False,
) -> Rehint:
    """Find the hints that were lost.

    A queue that is shorter than the hints which are out has lost some; it cannot be told which, and a doubled one is
    harmless, so all of them go out again. One look may be deceived by messages in flight: it takes two in a row.

    Args:
        waiting: Queued shards that are due, the hinted ones too.
        lengths: By queue: how many messages wait; a queue that is missing is not judged.
        suspects: What the look before found.
        broker_changed: Whether the broker lost its memory since the last look: every hint is gone.
    """
    hinted: dict[str, list[WaitingShard]] = defaultdict(list)
    for shard in waiting:
        if shard.hinted_s is not None:
            hinted[shard.queue].append(shard)
    again: list[WaitingShard] = []
    short: set[str] = set()
    for queue, shards in hinted.items():
        if broker_changed:
            again.extend(shards)
        elif queue in lengths:
            lost, is_short = _judge(shards, lengths[queue], suspected=queue in suspects)
            again.extend(lost)
            if is_short and not lost:
                short.add(queue)
    return Rehint(again=tuple(again), suspects=frozenset(short))


def _judge(shards: Sequence[WaitingShard], length: int, *, suspected: bool) -> tuple[list[WaitingShard], bool]:
    settled = [shard for shard in shards if (shard.hinted_s or 0.0) >= YOUNG_S]
    is_short = length < len(settled)
    if is_short and suspected:
        return settled, True
    if length == 0:
        return [shard for shard in settled if (shard.hinted_s or 0.0) >= OLD_S], is_short
    return [], is_short
