"""Sends canaries, and tells the breakers what came of them."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, Protocol

from dtf.breakers.client import Breakers
from dtf.breakers.permit import Permit, Recorded
from dtf.domain.breaker import BreakerMode, BreakerState, Sign, Target
from dtf.domain.slot import Slot
from dtf.domain.worker import Device
from dtf.execution.canary import Song
from dtf.execution.guardian.guard import Guard
from dtf.execution.guardian.refunds import Refunds
from dtf.execution.guardian.slot_pool import SlotPool

log = logging.getLogger(__name__)

#: The shortest and the longest wait before a canary is asked for again, in seconds: a sibling's close may make it due
#: sooner than its breaker said.
_SHORTEST_S: Final = 0.05
_LONGEST_S: Final = 1.0
#: So long nobody asks while the answer is awaited, in seconds.
_ANSWER_S: Final = 30.0


class Singer(Protocol):
    """Carries canaries out."""

    async def sing(self, device: Device | None) -> Song:
        """Ask a device, or the machine itself, once; it never raises but for cancellation."""
        ...


class StandIn(Protocol):
    """Has work be the probe in a canary's place."""

    async def serve(self, guard: Guard, slot: Slot, permit: Permit) -> bool:
        """Run some as the probe of a target; whether there was any, else the permit was not used."""
        ...


class CanaryRound:
    """Sends canaries where breakers want them, one at a time to each target.

    A breaker gives a canary a permit with a lease, so that only one of all workers that share a device probes it. What
    is in quarantine, or is asked about by somebody else, is looked at without its breaker wanting it. Of an open
    breaker short work may be the probe in its place.

    Attributes:
        stand_in: Has work be the probe; None: nobody does.
    """

    def __init__(
        self, breakers: Breakers, slots: SlotPool, canary: Singer, refunds: Refunds, returned: Callable[[], None]
    ) -> None:
        """Build it.

        Args:
            breakers: Where the breakers are; their calls may block, and are made in threads.
            slots: The worker's slots; one of the target's is busy while a canary runs, if one is free.
            canary: Carries canaries out.
            refunds: Gives retries back when a canary opens a breaker.
            returned: Called when one has returned.
        """
        self._breakers = breakers
        self._slots = slots
        self._canary = canary
        self._refunds = refunds
        self._returned = returned
        self._closed = False
        self.stand_in: StandIn | None = None

    async def send(self, guard: Guard) -> None:
        """Send one to a target if its breaker wants one, and do not wait for it."""
        now = asyncio.get_running_loop().time()
        if self._closed or guard.canary or now < guard.canary_at:
            return
        guard.canary_at = now + _ANSWER_S  # nobody else asks meanwhile
        permit = await asyncio.to_thread(lambda: self._breakers.acquire((guard.target,), canary=True))
        if isinstance(permit, Permit):
            self._start(guard, permit)
            return
        guard.canary_at = now + min(max(permit.wait_s, _SHORTEST_S), _LONGEST_S)
        if not guard.refused and (guard.quarantine or guard.asked):
            await self._send_unwanted(guard)

    async def _send_unwanted(self, guard: Guard) -> None:
        """Send one that others than the breaker want; it is evidence as any work is."""
        if guard.quarantine and await self._is_forced_closed(guard.target):
            self._release(guard, "its breaker was forced closed")
            return
        permit = await asyncio.to_thread(self._breakers.acquire, (guard.target,))
        if isinstance(permit, Permit):
            self._start(guard, permit)

    def _start(self, guard: Guard, permit: Permit) -> None:
        if not self._closed:  # what was given to nobody ends by its lease
            guard.canary = asyncio.create_task(self._go(guard, permit))

    async def close(self, guards: Iterable[Guard]) -> None:
        """End those that are under way, and send no more."""
        self._closed = True
        under_way = [guard.canary for guard in guards if guard.canary]
        for canary in under_way:
            canary.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _go(self, guard: Guard, permit: Permit) -> None:
        slot = self._slots.occupy(guard.slots)
        unused: Permit | None = permit
        try:
            if slot is not None and await self._stood_in(guard, slot, permit):
                unused = None
                return
            song = await self._canary.sing(guard.device)
            level = logging.DEBUG if guard.failed and not song.passed else logging.INFO
            log.log(level, "the canary of %s (%s) %s", guard.target, song.what, song.reason or "passed")
            unused = None
            guard.failed = not song.passed
            guard.canary_s = song.duration_s if song.passed else guard.canary_s
            recorded = await asyncio.to_thread(self._record, permit, song)
            tell(recorded)
            self._refunds.owe(recorded.refunds)
            await self._refunds.pay()
            if guard.quarantine and song.passed:
                self._release(guard, f"{song.what} succeeded")
        except Exception:
            log.exception("the canary of %s cannot be carried out", guard.target)
        finally:
            if unused is not None:
                self._breakers.give_back(unused)
            if slot is not None:
                self._slots.vacate(slot)
            pause_s = self._breakers.config.probe_every_s if guard.quarantine and not permit.is_probe else 0.0
            guard.canary_at = asyncio.get_running_loop().time() + max(pause_s, guard.rest_s)
            guard.rest_s = 0.0
            guard.canary, guard.asked = None, False
            guard.tell_looked()
            self._returned()

    async def _stood_in(self, guard: Guard, number: int, permit: Permit) -> bool:
        """Whether work was the probe of a breaker that is open or half-open."""
        if self.stand_in is None or not guard.refused or guard.quarantine or not permit.is_probe:
            return False
        record = (await asyncio.to_thread(self._breakers.states)).get(guard.target)
        if record is None or record.state is BreakerState.CLOSED or record.mode is not BreakerMode.AUTO:
            return False
        slot = self._slots.slot(number)
        return await self.stand_in.serve(guard, slot, replace(permit, canary=False))

    def _record(self, permit: Permit, song: Song) -> Recorded:
        sign = Sign.CANARY_PASSED if song.passed else Sign.CANARY_FAILED
        return self._breakers.record(permit, sign, duration_s=song.duration_s)

    def _release(self, guard: Guard, reason: str) -> None:
        log.warning("%s leaves quarantine: %s", guard.target, reason)
        guard.quarantine = ""
        self._returned()

    async def _is_forced_closed(self, target: Target) -> bool:
        record = (await asyncio.to_thread(self._breakers.states)).get(target)
        return record is not None and record.mode is BreakerMode.FORCED_CLOSED


def tell(recorded: Recorded) -> None:
    """Log what breakers did."""
    for moved in recorded.transitions:
        level = logging.INFO if moved.after is BreakerState.CLOSED else logging.WARNING
        log.log(level, "the circuit breaker of %s is %s: %s", moved.target, moved.after, moved.reason)
