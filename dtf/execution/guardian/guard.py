"""How one target of a worker stands."""

import asyncio
from dataclasses import dataclass, field

from dtf.domain.breaker import Target
from dtf.domain.held import target_of
from dtf.domain.match import table_of
from dtf.domain.worker import Device, WorkerInfo
from dtf.execution.guardian.targets import devices_on


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
    canary: asyncio.Task[None] | None = None
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def held(self) -> bool:
        """Whether nothing is to run on it."""
        return self.refused or bool(self.quarantine)

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
