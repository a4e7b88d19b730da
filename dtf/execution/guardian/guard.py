"""How one target of a worker stands."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from dtf.domain.breaker import Target
from dtf.domain.held import target_of
from dtf.domain.match import table_of
from dtf.domain.quarantine import Quarantine
from dtf.domain.worker import Device, WorkerInfo
from dtf.execution.guardian.targets import devices_on
from dtf.resilience.looking_first import CANARY_S


@dataclass(slots=True, kw_only=True, eq=False)
class Guard:
    """How one target of a worker stands, as its guardian knows it.

    Attributes:
        target: Which.
        device: The device; None: the worker itself.
        slots: The numbers of the slots that use it.
        refused: Whether its breaker lets no work through.
        bad: How probable it is that it is bad.
        asked: Whether somebody waits for a canary of it, doubtful or not.
        quarantine: Why it is in quarantine; empty: it is not.
        quarantined_at: Since when, on the loop's clock.
        canary_at: Before this time, on the loop's clock, no canary is asked for.
        failed: Whether the last canary of it failed.
        canary_next: Whether its next probe is a canary, as what stood in for the last one did not pass.
        rest_s: So long nobody looks from the end of the present probe on, in seconds.
        canary_s: How long the last one took that passed, in seconds.
        canary: The one that is under way.
        looked: Set when a canary of it has been carried out and taken in; then replaced by another event.
    """

    target: Target
    device: Device | None
    slots: tuple[int, ...]
    refused: bool = False
    bad: float = 0.0
    asked: bool = False
    quarantine: str = ""
    quarantined_at: float = 0.0
    canary_at: float = 0.0
    failed: bool = False
    canary_next: bool = False
    rest_s: float = 0.0
    canary_s: float = CANARY_S
    canary: asyncio.Task[None] | None = None
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def held(self) -> bool:
        """Whether nothing is to run on it."""
        return self.refused or bool(self.quarantine)

    def confine(self, reason: str) -> None:
        """Put it into quarantine, where it may be already."""
        if not self.quarantine:
            self.quarantined_at = asyncio.get_running_loop().time()
        self.quarantine = reason

    def told(self) -> Quarantine | None:
        """Its quarantine, as others are told; None: it is in none."""
        if not self.quarantine:
            return None
        for_s = asyncio.get_running_loop().time() - self.quarantined_at
        return Quarantine(target=self.target, slots=self.slots, for_s=for_s, reason=self.quarantine)

    def tell_looked(self) -> None:
        """Wake who waits for a canary."""
        self.looked.set()
        self.looked = asyncio.Event()


def make_guards(worker: WorkerInfo) -> dict[Target, Guard]:
    """One for each target of a worker's slots."""
    guards: dict[Target, Guard] = {}
    for slot in table_of(worker):
        for device in devices_on(worker, slot):
            target = target_of(worker, device)
            known = guards.get(target)
            slots = (*known.slots, slot.number) if known else (slot.number,)
            guards[target] = Guard(target=target, device=device, slots=slots)
    return guards


def held_devices(guards: Iterable[Guard]) -> frozenset[str]:
    """The UUIDs of the devices on which nothing is to run."""
    return frozenset(guard.device.uuid for guard in guards if guard.held and guard.device)


def weigh(guards: Iterable[Guard]) -> tuple[frozenset[int], dict[int, float]]:
    """The slots all of whose targets are held, and how bad the best target of each slot may be."""
    by_slot: dict[int, list[Guard]] = {}
    for guard in guards:
        for number in guard.slots:
            by_slot.setdefault(number, []).append(guard)
    held = frozenset(number for number, own in by_slot.items() if all(guard.held for guard in own))
    return held, {number: min(guard.bad for guard in own) for number, own in by_slot.items()}
