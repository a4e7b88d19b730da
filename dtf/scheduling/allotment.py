"""Who gets which slots of a worker."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dtf.domain.match import capacity, devices_for, slots_for
from dtf.domain.queue import split_queue
from dtf.domain.requirement import device_count
from dtf.domain.slot import Slot
from dtf.domain.worker import WorkerInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Allotted:
    """Who got what.

    Attributes:
        grants: By place in the line: the slots of each that got what it needs.
        left: The numbers of free slots that nobody got and nobody keeps for himself.
    """

    grants: Mapping[int, tuple[Slot, ...]]
    left: frozenset[int]


class Allotment:
    """Gives the slots of a worker to those who stand in line for them.

    First come, first served, among those who could use a slot: who can use none of the free ones holds nobody up. Who
    needs several devices keeps back what is free for him until there are enough, so that the many who need one do not
    keep him waiting for ever; he gets devices of one kind.
    Of several slots that would do, the one whose device is least in doubt is given, then the one that the fewest other
    queues ask for, then the first.
    """

    def __init__(self, worker: WorkerInfo) -> None:
        self._worker = worker
        self._fitting: dict[str, tuple[Slot, ...]] = {}
        self._usable: dict[str, tuple[Slot, ...]] = {}
        self._held_devices: frozenset[str] = frozenset()
        self._asked: dict[int, int] = {}
        self._doubts: Mapping[int, float] = {}

    def know(self, queues: Iterable[str]) -> None:
        """Say which queues hold work now: slots that only few of them can use are given to others last."""
        asked: dict[int, int] = {}
        for queue in queues:
            for slot in self.fitting(queue):
                asked[slot.number] = asked.get(slot.number, 0) + 1
        self._asked = asked

    def doubt(self, doubts: Mapping[int, float]) -> None:
        """Say how probable it is that what a slot owns is bad, by the slot's number; what is not named is well."""
        self._doubts = dict(doubts)

    def hold_devices(self, uuids: Iterable[str]) -> None:
        """Say on which devices nothing is to run for now.

        A slot that owns several, as a browser's does, goes on with the queues for which it has another one.

        Args:
            uuids: All of them; what is not named is well again.
        """
        self._held_devices = frozenset(uuids)
        self._usable.clear()

    def fitting(self, queue: str) -> tuple[Slot, ...]:
        """The slots that can take the queue's shards; none where the worker has too few devices for one of them."""
        found = self._fitting.get(queue)
        if found is None:
            found = self._find(queue) if capacity(self._worker, queue) else ()
            self._fitting[queue] = found
        return found

    def allot(self, line: Sequence[str], free: Collection[int]) -> Allotted:
        """Give out free slots.

        Args:
            line: The queues of those who wait, the first ahead.
            free: The numbers of the free slots.
        """
        left = set(free)
        grants: dict[int, tuple[Slot, ...]] = {}
        for place, queue in enumerate(line):
            if not left:
                break
            needed = device_count(split_queue(queue)[1])
            chosen = self._choose([slot for slot in self._usable_for(queue) if slot.number in left], needed)
            left.difference_update(slot.number for slot in chosen)
            if len(chosen) == needed:
                grants[place] = tuple(chosen)
        return Allotted(grants=grants, left=frozenset(left))

    def suffices(self, queue: str, held: Collection[int]) -> bool:
        """Whether one of the queue's shards could have its slots without those that are held."""
        left = [slot for slot in self._usable_for(queue) if slot.number not in held]
        if not left:
            return False
        needed = device_count(split_queue(queue)[1])
        return len(self._choose(left, needed)) == needed

    def admits(self, queue: str, left: Collection[int]) -> bool:
        """Whether one more of the queue's shards could use a slot that is left, were it only one of several."""
        return any(slot.number in left for slot in self._usable_for(queue))

    def _usable_for(self, queue: str) -> tuple[Slot, ...]:
        """The fitting slots that have a device for the queue that is not held."""
        if not self._held_devices:
            return self.fitting(queue)
        found = self._usable.get(queue)
        if found is None:
            found = tuple(slot for slot in self.fitting(queue) if self._has_device(slot, queue))
            self._usable[queue] = found
        return found

    def _has_device(self, slot: Slot, queue: str) -> bool:
        devices = devices_for(self._worker, slot, *split_queue(queue))
        return not devices or any(device.uuid not in self._held_devices for device in devices)

    def _find(self, queue: str) -> tuple[Slot, ...]:
        slots, needed = slots_for(self._worker, queue), device_count(split_queue(queue)[1])
        if needed == 1:
            return slots
        devices: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
        for slot in slots:
            devices.setdefault(slot.tags, set()).add(slot.devices)
        return tuple(slot for slot in slots if len(devices[slot.tags]) >= needed)

    def _choose(self, slots: Sequence[Slot], needed: int) -> Sequence[Slot]:
        ordered = sorted(slots, key=self._cost)
        if needed == 1:
            return ordered[:1]
        kinds: dict[tuple[str, ...], dict[tuple[str, ...], Slot]] = {}
        for slot in ordered:
            kinds.setdefault(slot.tags, {}).setdefault(slot.devices, slot)
        return list(max(kinds.values(), key=len, default={}).values())[:needed]

    def _cost(self, slot: Slot) -> tuple[float, int, int]:
        return self._doubts.get(slot.number, 0.0), self._asked.get(slot.number, 0), slot.number
