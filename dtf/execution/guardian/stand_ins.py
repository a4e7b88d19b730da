"""Has short shards be the probes of open breakers, in the place of canaries."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from dtf.breakers.permit import Permit
from dtf.domain.match import devices_of
from dtf.domain.outcome import Outcome
from dtf.domain.slot import Slot
from dtf.domain.work import JobKind
from dtf.execution.guardian.guard import Guard
from dtf.execution.guardian.probe import Probe
from dtf.execution.guardian.services import Services
from dtf.execution.guardian.slot_pool import SlotPool
from dtf.execution.guardian.targets import attempt_targets
from dtf.resilience.breaker import rest_s
from dtf.resilience.job_group import job_group
from dtf.resilience.looking_first import STAND_IN_TRIES, stands_in

log = logging.getLogger(__name__)

#: So many waiting shards of a queue are looked at for one that is short.
_LOOKED_AT: Final = 8
#: So many shards that were tried are remembered.
_REMEMBERED: Final = 1000
#: A stand-in is ended after so many times as long as a canary takes, but not before so many seconds, and well before
#: the probe's lease is over.
_LONGEST_CANARIES: Final = 5.0
_SHORTEST_LIMIT_S: Final = 10.0
_LONGEST_LIMIT_S: Final = 20.0


#: Runs a shard of a queue in a slot as a probe; whether it passed.
RunShard = Callable[[Slot, str, str, Probe], Awaitable[bool]]


class StandIns:
    """Has short shards be the probes of open breakers, in the place of canaries.

    A shard that waits for a device whose breaker is open, can run nowhere else and is about as short as a canary finds
    out as much as that does: where it passes its work is done, and its breaker one probe nearer to its close. Where it
    does not, nothing counts, and a canary follows.
    """

    def __init__(self, services: Services, slots: SlotPool, run: RunShard) -> None:
        """Build it.

        Args:
            services: What all attempts share.
            slots: The worker's slots.
            run: Runs a shard.
        """
        self._services = services
        self._slots = slots
        self._run = run
        self._tried: dict[str, int] = {}

    async def serve(self, guard: Guard, slot: Slot, permit: Permit) -> bool:
        """Run a short shard as the probe of a target.

        Args:
            guard: The target; its breaker is open or half-open.
            slot: One of its slots, free and kept for this.
            permit: The probe's.

        Returns:
            Whether one was run, and the permit with it; else nothing was done.
        """
        canary_next, guard.canary_next = guard.canary_next, False
        if self._services.draining or canary_next:
            return False
        try:
            found = await self._choose(guard, slot)
        except Exception:
            log.exception("what waits for %s cannot be looked at: a canary is sent", guard.target)
            return False
        if found is None:
            return False
        shard_id, queue = found
        limit_s = min(max(_LONGEST_CANARIES * guard.canary_s, _SHORTEST_LIMIT_S), _LONGEST_LIMIT_S)
        log.info("shard %s is the probe of %s, in a canary's place", shard_id, guard.target)
        probe = Probe(target=guard.target, permit=permit, limit_s=limit_s)
        clock = asyncio.get_running_loop()
        began = clock.time()
        if not await self._run(slot, queue, shard_id, probe):
            guard.canary_next = True
            if probe.outcome in (Outcome.INFRA, Outcome.TIMEOUT):
                # it proves nothing, but a canary at once would most often find what the work just met
                guard.rest_s = rest_s(clock.time() - began, self._services.ward.breakers.config.probe_every_s)
            self._note(shard_id)
        return True

    async def _choose(self, guard: Guard, slot: Slot) -> tuple[str, str] | None:
        """A shard and its queue; None: there is none."""
        services, numbers = self._services, self._services.ward.breakers.numbers
        queues = [queue for queue in services.open_queues if self._waits_for(guard, slot, queue)]
        if not queues or not numbers.is_learned(guard.target):
            return None
        refusing = await services.ward.refusing()
        waiting = await services.database.call(
            services.shards.bound_to, services.worker_id, queues, refusing, _LOOKED_AT
        )
        for shard_id, queue, job in waiting:
            suits = (
                job.inject is None and job.kind is not JobKind.PYTEST and self._tried.get(shard_id, 0) < STAND_IN_TRIES
            )
            if suits and stands_in(numbers.expected_s(guard.target, job_group(job)), guard.canary_s):
                return shard_id, queue
        return None

    def _note(self, shard_id: str) -> None:
        """Remember that a shard was tried for nothing."""
        self._tried[shard_id] = self._tried.pop(shard_id, 0) + 1
        while len(self._tried) > _REMEMBERED:
            del self._tried[next(iter(self._tried))]

    def _waits_for(self, guard: Guard, slot: Slot, queue: str) -> bool:
        """Whether the slot would run the queue's shards on just that target, and no other slot here runs them."""
        worker = self._services.config.worker
        devices = devices_of(worker, (slot,), queue)
        if devices is None or not self._slots.serves(queue) or not self._slots.holds(queue):
            return False
        return attempt_targets(worker, self._services.ward.healthiest(devices)) == (guard.target,)
