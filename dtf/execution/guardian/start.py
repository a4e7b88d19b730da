"""What a guardian puts right before it takes work."""

import asyncio
import logging

from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.ports.shards import Shards
from dtf.domain.ports.workers import Workers
from dtf.domain.worker import WorkerState
from dtf.execution.guardian.services import Services
from dtf.execution.guardian.spool import Spool
from dtf.execution.processes.ending import end_processes
from dtf.execution.processes.sweep import find_leftovers

log = logging.getLogger(__name__)

#: The bootstep waits 30 s for the guardian.
_LEDGER_PATIENCE_S = 25.0
_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 1.0


async def put_right(services: Services, workers: Workers) -> None:
    """Kill what earlier guardians left, deliver their results, give their claims back, register the worker.

    The order matters: processes first, as they still write; results before claims, as a result needs its claim.

    Raises:
        LedgerUnavailableError: The database stays away.
    """
    count = await end_processes(find_leftovers, 0.0)
    if count:
        log.warning("%d processes of dead guardians were killed", count)
    deadline = asyncio.get_running_loop().time() + _LEDGER_PATIENCE_S
    delay, told = _FIRST_DELAY_S, ""
    while True:
        try:
            await _settle(services.shards, workers, services)
        except LedgerUnavailableError as error:
            if asyncio.get_running_loop().time() > deadline:
                raise
            if str(error) != told:
                told = str(error)
                log.warning("the guardian waits for the ledger: %s", error)
        else:
            return
        await asyncio.sleep(delay)
        delay = min(delay * 2, _LONGEST_DELAY_S)


async def _settle(shards: Shards, workers: Workers, services: Services) -> None:
    await services.recorder.replay(services.spool)
    held = await services.database.call(services.shards.held_by, services.worker_id)
    released = await services.database.call(
        shards.release_worker, services.worker_id, "the worker's guardian was lost and is back"
    )
    if released:
        log.warning("%d claims of an earlier guardian were given back", released)
        await services.witness.testify_lost(services.config.worker, held)
    state = await services.database.call(workers.register, services.config.worker)
    if state is WorkerState.DRAINING:  # an operator drained it while an earlier guardian watched over it
        services.draining = services.drained = True
    await _deliver_abandoned(services)


async def _deliver_abandoned(services: Services) -> None:
    for place in services.home.abandoned():
        await services.recorder.replay(Spool(place))
