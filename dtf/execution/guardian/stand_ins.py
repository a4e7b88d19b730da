"""Has short shards be the probes of open breakers, in the place of canaries."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from dtf.breakers.permit import Permit
from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.match import devices_of
from dtf.domain.slot import Slot
from dtf.execution.guardian.guard import Guard
from dtf.execution.guardian.services import Services
from dtf.execution.guardian.slot_pool import SlotPool
from dtf.execution.guardian.targets import attempt_targets
from dtf.resilience.job_group import job_group
from dtf.resilience.looking_first import stands_in

log = logging.getLogger(__name__)

#: So many waiting shards are looked at for one that is short.
_LOOKED_AT: Final = 8
#: So many shards that were not to be had are remembered.
_REMEMBERED: Final = 1000

#: Runs a shard of a queue in a slot under a permit; whether it was to be had.
RunShard = Callable[[Slot, str, str, Permit], Awaitable[bool]]


class StandIns:
    """Has short shards be the probes of open breakers, in the place of canaries.

    A shard that waits for a device whose breaker is open, can run nowhere else and is about as short as a canary finds
    out as much as that does: where it fails no more time is lost, nor a retry, and where it does not its work is done.
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
        self._missed: dict[str, None] = {}

    async def serve(self, guard: Guard, slot: Slot, permit: Permit) -> bool:
        """Run a short shard as the probe of a target.

        Args:
            guard: The target; its breaker is open or half-open.
            slot: One of its slots, free and kept for this.
            permit: The probe's.

        Returns:
            Whether the permit was used for one, or given back; else nothing was done.
        """
        services = self._services
        if services.draining:
            return False
        queues = [queue for queue in services.open_queues if self._waits_for(guard, slot, queue)]
        if not queues:
            return False
        refusing = await services.ward.refusing()
        try:
            waiting = await services.database.call(
                services.shards.bound_to, services.worker_id, queues, refusing, _LOOKED_AT
            )
        except LedgerUnavailableError as error:
            log.info("nobody knows what waits for %s, a canary looks at it: %s", guard.target, error)
            return False
        for shard_id, queue, job in waiting:
            expected_s = services.ward.breakers.numbers.expected_s(guard.target, job_group(job))
            if shard_id not in self._missed and stands_in(expected_s, guard.canary_s):
                log.info("shard %s is the probe of %s, in a canary's place", shard_id, guard.target)
                if not await self._run(slot, queue, shard_id, permit):
                    self._miss(shard_id)
                return True
        return False

    def _miss(self, shard_id: str) -> None:
        """Remember a shard that was not to be had, so that it keeps no canary away another time."""
        self._missed[shard_id] = None
        while len(self._missed) > _REMEMBERED:
            del self._missed[next(iter(self._missed))]

    def _waits_for(self, guard: Guard, slot: Slot, queue: str) -> bool:
        """Whether the slot would run the queue's shards on just that target, and no other slot here runs them."""
        worker = self._services.config.worker
        devices = devices_of(worker, (slot,), queue)
        if devices is None or not self._slots.holds(queue):
            return False
        return attempt_targets(worker, self._services.ward.healthiest(devices)) == (guard.target,)
