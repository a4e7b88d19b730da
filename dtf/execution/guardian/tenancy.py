"""Clears GPUs of what was kept warm on them."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

from dtf.domain.ports.executor import Executor, Vacates

log = logging.getLogger(__name__)

#: How long an executor may take to let go of a slot, in seconds.
_PATIENCE_S: Final = 20.0


class Tenancy:
    """Sees to it that nothing that was kept warm for one shard stays on a GPU when another one gets it.

    A runner, a warm parent or a loaded model may hold a device's memory while nothing runs. An executor's own slot is
    left to it: it knows whether what is there fits the next shard. What was kept for a job of several devices goes
    when one of them is given to another.
    """

    def __init__(self, executors: Callable[[], Iterable[Executor]]) -> None:
        self._executors = executors
        self._homes: dict[int, tuple[int, ...]] = {}
        self._moving = asyncio.Lock()

    async def move_in(self, slots: tuple[int, ...], executor: Executor) -> None:
        """Clear the devices of some slots for a shard.

        Args:
            slots: Their numbers; nothing runs on them.
            executor: Who will run the shard; what it keeps for just these slots stays.
        """
        async with self._moving:
            for home in {slots, *(self._homes[slot] for slot in slots if slot in self._homes)}:
                for other in self._executors():
                    if (other is not executor or home != slots) and isinstance(other, Vacates):
                        await self._clear(home[0], other)
                self._homes = {slot: group for slot, group in self._homes.items() if group != home}
            self._homes.update(dict.fromkeys(slots, slots))

    async def _clear(self, slot: int, executor: Vacates) -> None:
        try:
            await asyncio.wait_for(executor.vacate(slot), _PATIENCE_S)
        except TimeoutError:
            log.warning("what was kept warm on slot %d does not end within %g s", slot, _PATIENCE_S)
        except Exception:  # the shard may run nevertheless
            log.exception("what was kept warm on slot %d cannot be ended", slot)
