"""Keeps work away from devices that are in doubt, and has canaries look after them."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from dtf.breakers.client import Breakers
from dtf.breakers.config import BreakerPolicy
from dtf.breakers.permit import Permit, Refusal
from dtf.domain.breaker import Target
from dtf.domain.held import target_of
from dtf.domain.ports.breakers import refuses
from dtf.domain.quarantine import Quarantine
from dtf.domain.shard import ClaimedShard
from dtf.domain.slot import Slot
from dtf.domain.specs import GPU_TAGS
from dtf.domain.worker import Device, WorkerInfo
from dtf.execution.guardian.announcer import Announcer
from dtf.execution.guardian.canary_round import CanaryRound, Singer, StandIn
from dtf.execution.guardian.guard import Guard, held_devices, make_guards, weigh
from dtf.execution.guardian.refunds import Refunds
from dtf.execution.guardian.slot_pool import SlotPool
from dtf.execution.guardian.sparing import DOUBT, Sparing
from dtf.resilience.looking_first import CANARY_S
from dtf.resilience.recovery import SICK

log = logging.getLogger(__name__)

#: Under these nothing is ever refused.
TOOTHLESS: Final = (BreakerPolicy.OFF, BreakerPolicy.METRICS)
#: How often the breakers of the worker's targets are looked at, in seconds.
LOOK_S: Final = 1.0
#: How often the worker is told again which slots are held, in seconds: it may not have heard.
REPEAT_S: Final = 10.0
#: The shortest pause between two looks, in seconds.
_SHORTEST_S: Final = 0.05
#: So many canaries are sent where one is asked for, should its breaker not agree with them before.
_MOST_ASKED: Final = 4


class Ward:
    """Keeps work away from devices that are in doubt.

    Each device of the worker, and the worker itself for its CPU slots, is a target with a circuit breaker, which other
    workers may share. A slot all of whose targets are refused by their breakers, or are in quarantine, is held: nobody
    is given it, and the worker takes no hint that needs it. Where only some of them are, as one of a slot's browsers,
    that goes for the queues that want just these. Canaries run on what is held or suspected whenever the breaker wants
    one; what comes of them closes the breaker again. Short work that can run nowhere else may be the probe in a
    canary's place; other work is never used to find out.

    Attributes:
        breakers: Where the breakers are.
        refunds: Gives retries back when one opens.
    """

    def __init__(
        self,
        worker: WorkerInfo,
        *,
        slots: SlotPool,
        breakers: Breakers,
        canary: Singer,
        refunds: Refunds,
        announcer: Announcer,
    ) -> None:
        """Build a ward.

        Args:
            worker: The worker.
            slots: Its slots.
            breakers: Where its breakers are; their calls may block, and are made in threads.
            canary: Carries canaries out.
            refunds: Gives retries back when a breaker opens.
            announcer: Tells the worker which slots are held.
        """
        self.breakers = breakers
        self.refunds = refunds
        self._worker = worker
        self._slots = slots
        self._canaries = CanaryRound(breakers, slots, canary, refunds, self._returned)
        self._announcer = announcer
        self._guards = make_guards(worker)
        self._running: dict[int, int] = {}
        self._sparing = Sparing()
        self._held: tuple[frozenset[int], frozenset[str]] = frozenset(), frozenset()
        self._told_at = -REPEAT_S
        self._wake = asyncio.Event()

    def have_stand_ins(self, stand_in: StandIn) -> None:
        """Have work be the probe of open breakers where it can."""
        self._canaries.stand_in = stand_in

    # what attempts need

    async def enter(self, targets: tuple[Target, ...]) -> Permit | Refusal:
        """Ask to run one attempt on some targets; the permit is for ``leave`` or for a witness."""
        permit = await asyncio.to_thread(self.breakers.acquire, targets)
        if isinstance(permit, Permit):
            return permit
        self.look_soon()
        return permit

    async def leave(self, permit: Permit) -> None:
        """Give a permit back under which nothing was seen."""
        if permit.is_probe:
            await asyncio.to_thread(self.breakers.give_back, permit)

    @contextmanager
    def occupied(self, slots: Iterable[Slot]) -> Iterator[None]:
        """Say that an attempt runs on some slots while the block does."""
        numbers = [slot.number for slot in slots]
        for number in numbers:
            self._running[number] = self._running.get(number, 0) + 1
        try:
            yield
        finally:
            for number in numbers:
                self._running[number] -= 1
            self.look_soon()

    def healthiest(self, devices: Sequence[Device], first: Collection[Target] = ()) -> tuple[Device, ...]:
        """The same devices; of a slot's browsers, of which the first is used, the least doubtful ahead.

        Args:
            devices: Which.
            first: Those that go ahead of all others, however doubtful: a permit is for them.
        """
        if not devices or not devices[0].details.get("browser"):
            return tuple(devices)
        return tuple(sorted(devices, key=lambda one: (target_of(self._worker, one) not in first, *self._doubt_of(one))))

    async def spares(self, claim: ClaimedShard, permit: Permit) -> bool:
        """Whether a shard without a retry to lose is left to another worker, whose device is less in doubt.

        A canary then settles the doubt: with nothing but such shards no work would.
        """
        if not self._sparing.is_due(claim, permit):
            return False
        self.ask_canaries(permit.targets)
        states = await asyncio.to_thread(self.breakers.states)
        return self._sparing.spares(claim, permit, states)

    def canary_s(self, target: Target) -> float:
        """How long the last canary of a target took that passed, in seconds."""
        guard = self._guards.get(target)
        return guard.canary_s if guard else CANARY_S

    def can_look(self, target: Target) -> bool:
        """Whether a canary could look at a target now: it would not at a GPU in use."""
        guard = self._guards.get(target)
        return guard is not None and self._is_idle(guard)

    def is_held(self, target: Target) -> bool:
        """Whether nothing is to run on a target, as this worker knows it."""
        guard = self._guards.get(target)
        return guard is not None and guard.held

    async def refusing(self) -> frozenset[Target]:
        """All targets, of other workers too, whose breakers let no work through."""
        if self.breakers.config.policy in TOOTHLESS:
            return frozenset()
        states = await asyncio.to_thread(self.breakers.states)
        return frozenset(target for target, record in states.items() if refuses(record))

    # quarantine

    def hold(self, slot: int, reason: str) -> None:
        """Put what a slot uses into quarantine until a canary passes on it, or an operator forces its breaker closed.

        Args:
            slot: Its number.
            reason: One sentence for people.
        """
        for guard in self._guards.values():
            if slot in guard.slots:
                log.warning("%s is in quarantine: %s", guard.target, reason)
                guard.confine(reason)
        self._apply()
        self.look_soon()

    @property
    def quarantine(self) -> tuple[Quarantine, ...]:
        """What is in quarantine now."""
        return tuple(told for guard in self._guards.values() if (told := guard.told()))

    # the watch

    def look_soon(self) -> None:
        """Look at once."""
        self._wake.set()

    def ask_canaries(self, targets: Iterable[Target]) -> None:
        """Have a canary look at each of some targets, doubtful or not, and do not wait for it."""
        for target in targets:
            if target in self._guards:
                self._guards[target].asked = True
        self.look_soon()

    async def look_at(self, targets: Collection[Target]) -> None:
        """Look at some targets now, so that nothing is given out that a breaker would refuse."""
        await asyncio.gather(*(self._look(self._guards[t]) for t in targets if t in self._guards))
        self._apply()

    async def verdict(self, target: Target, limit_s: float) -> None:
        """Have canaries look at a target, doubtful or not, until they and its breaker agree whether it is bad.

        Args:
            target: Which.
            limit_s: How long to wait for them at most, in seconds.
        """
        guard = self._guards.get(target)
        if guard is None:
            return
        try:
            async with asyncio.timeout(limit_s):
                for _ in range(_MOST_ASKED):
                    guard.asked = True
                    self.look_soon()
                    await guard.looked.wait()
                    await self._look(guard)
                    if guard.failed is (guard.bad > SICK):
                        return
        except TimeoutError:
            guard.asked = False  # nobody waits for it any more
            log.info("the canaries of %s did not come back within %g s", target, limit_s)

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            self._wake.clear()
            try:
                await asyncio.gather(*(self._look(guard) for guard in self._guards.values()))
                self._apply()
                await self.refunds.pay()
            except Exception:
                log.exception("the breakers cannot be looked at")
            await self._pause()

    async def close(self) -> None:
        """Send no canaries any more, and end those under way before they are killed and taken for failed."""
        await self._canaries.close(self._guards.values())

    async def _pause(self) -> None:
        now = asyncio.get_running_loop().time()
        due = [guard.canary_at - now for guard in self._guards.values() if guard.held and not guard.canary]
        try:
            # not wait_for: before Python 3.12 it may swallow a cancellation that comes with the wake
            async with asyncio.timeout(max(_SHORTEST_S, min([LOOK_S, *due]))):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _look(self, guard: Guard) -> None:
        answer = await asyncio.to_thread(self.breakers.acquire, (guard.target,))
        guard.refused = isinstance(answer, Refusal)
        if isinstance(answer, Permit):
            guard.bad = answer.bad
            await self.leave(answer)
        else:
            guard.bad = answer.bad
        wanted = guard.held or guard.asked or guard.bad > self.breakers.config.suspect_at
        if wanted and not guard.canary and self._is_idle(guard):
            await self._canaries.send(guard)

    def _is_idle(self, guard: Guard) -> bool:
        """Whether a canary would disturb nothing: only a GPU that is in use would refuse it its memory."""
        in_use = guard.device is not None and guard.device.kind in GPU_TAGS
        return not in_use or not any(self._running.get(slot) for slot in guard.slots)

    def _returned(self) -> None:
        self._apply()
        self.look_soon()

    def _doubt_of(self, device: Device) -> tuple[bool, float]:
        guard = self._guards.get(target_of(self._worker, device))
        # traces of doubt are everywhere, and would have a job's shards change browsers for nothing
        return (guard.held, guard.bad if guard.bad > DOUBT else 0.0) if guard else (False, 0.0)

    def _apply(self) -> None:
        """Let the slots be given out by what is known now."""
        held, doubts = weigh(self._guards.values())
        devices = held_devices(self._guards.values())
        self._slots.hold(held, {number: bad for number, bad in doubts.items() if bad > DOUBT}, devices)
        now = asyncio.get_running_loop().time()
        if (held, devices) != self._held or now - self._told_at >= REPEAT_S:
            self._held, self._told_at = (held, devices), now
            self._announcer.hold(held, devices)
