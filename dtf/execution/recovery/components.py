"""Ends what is kept warm on a slot, so that its next shard finds everything new."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from dtf.domain.ports.executor import Executor, Vacates
from dtf.execution.recovery.seams import Ender

log = logging.getLogger(__name__)

#: How long an executor may take to let go of a slot by itself, in seconds; what is left is killed.
_PATIENCE_S: Final = 10.0


async def end_components(slots: Iterable[int], executors: Iterable[Executor], ender: Ender) -> int:
    """End what runs for some slots: runners, warm parents that only they used, model hosts, browsers.

    Nothing may run on the slots. Only processes that dtf started for them are touched.

    Returns:
        How many processes were left over by the executors and killed.
    """
    kept, killed = list(executors), 0
    for slot in slots:
        for executor in kept:
            await _let_go(slot, executor)
        killed += await ender.end_slot(slot)
    return killed


async def _let_go(slot: int, executor: Executor) -> None:
    ending = executor.vacate(slot) if isinstance(executor, Vacates) else executor.end_slot(slot)
    try:
        await asyncio.wait_for(ending, _PATIENCE_S)
    except TimeoutError:
        log.warning("what a %s executor keeps on slot %d is killed: it took too long", executor.kind, slot)
    except Exception:  # whatever it raises, its processes are killed next
        log.exception("a %s executor cannot let go of slot %d; its processes are killed", executor.kind, slot)
