"""Learns which queues hold work, those that appear while the worker runs too."""

import asyncio
import logging
import math
from typing import Final

from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.match import consumes
from dtf.domain.ports.workers import Workers
from dtf.execution.guardian.announcer import Announcer
from dtf.execution.guardian.services import Services
from dtf.execution.guardian.slot_pool import SlotPool

log = logging.getLogger(__name__)

#: How often the ledger is asked, in seconds.
LOOK_S: Final = 1.0

#: How often the worker is told again what it knows, in seconds: it may have lost its broker when it heard, and an
#: earlier guardian may have told it more.
REPEAT_S: Final = 10.0

#: For how long a requirement queue is consumed in which nothing waits any more, in seconds.
KEPT_S: Final = 60.0


class QueueWatch:
    """Asks the ledger which queues are open, and tells the worker which requirement queues to consume.

    These are the ones that narrow a tag that the worker consumes, and that its slots satisfy. One is kept for a while
    after its last shard, as queues come back.
    """

    def __init__(self, workers: Workers, services: Services, slots: SlotPool, announcer: Announcer) -> None:
        self._workers = workers
        self._services = services
        self._slots = slots
        self._announcer = announcer
        self._served: dict[str, float] = {}
        self._told_at = -math.inf

    async def look_continually(self) -> None:
        """Look until cancelled."""
        away = False
        while True:
            try:
                await self._look()
            except LedgerUnavailableError as error:
                if not away:
                    log.warning("new queues cannot be seen: %s", error)
                away = True
            except Exception:
                log.exception("new queues cannot be seen")
            else:
                away = False
            await asyncio.sleep(LOOK_S)

    async def _look(self) -> None:
        found = frozenset(await self._services.database.call(self._workers.open_queues))
        info, now = self._services.config.worker, asyncio.get_running_loop().time()
        self._services.open_queues = found
        mine = {queue for queue in found if consumes(info, queue) and self._slots.serves(queue)}
        self._slots.know(mine)
        before = set(self._served)
        self._served.update((queue, now) for queue in mine if queue not in info.queues)
        self._served = {queue: seen for queue, seen in self._served.items() if now - seen <= KEPT_S}
        if set(self._served) != before or now - self._told_at >= REPEAT_S:
            self._told_at = now
            self._announcer.serve(self._served)
