"""From which queues a worker takes its next hint."""

from collections.abc import Collection, Mapping, Sequence

from dtf.scheduling.allotment import Allotment


def admitted(
    queues: Sequence[str],
    allotment: Allotment,
    *,
    numbers: Collection[int],
    under_way: Mapping[str, str],
    holding: Mapping[str, Collection[int]],
    held: Collection[int] = (),
) -> tuple[str, ...]:
    """The queues whose next hint would find a slot: what waits for one kind of device keeps no other kind idle.

    Where each task's slots are known they count; the others are given slots here in the way in which the guardian
    will. A queue whose shards need several devices has its turn as soon as one of them is free, and keeps that one.

    Args:
        queues: What the worker consumes.
        allotment: The worker's slots.
        numbers: The numbers of all of them.
        under_way: The queues of the tasks that were taken and have not ended, by task, in the order of taking.
        holding: The slots that tasks were given, as far as that is known.
        held: The slots that nobody is given for now.
    """
    taken = {number for task in under_way for number in holding.get(task, ())}
    line = [queue for task, queue in under_way.items() if not holding.get(task)]
    served = [queue for queue in line if allotment.suffices(queue, held)]
    left = allotment.allot(served, set(numbers) - taken - set(held)).left
    # hints that no slot here can take are put back after a while: one at a time
    putting_back = any(not allotment.fitting(queue) for queue in line)

    def admits(queue: str) -> bool:
        if not allotment.fitting(queue):
            return not putting_back
        return allotment.suffices(queue, held) and allotment.admits(queue, left)

    return tuple(queue for queue in queues if admits(queue))
