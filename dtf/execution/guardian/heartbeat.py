"""Tells the ledger that the worker lives, and how busy its host is."""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping

import psutil

from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.ports.workers import Workers
from dtf.domain.quarantine import Quarantine
from dtf.domain.worker import WorkerInfo, WorkerLoad, WorkerState
from dtf.execution.guardian.database import Database

log = logging.getLogger(__name__)


class Heartbeat:
    """Tells the ledger that the worker lives, and hears when it is to drain."""

    def __init__(
        self,
        workers: Workers,
        database: Database,
        info: WorkerInfo,
        *,
        busy_slots: Callable[[], int],
        devices: Callable[[], Mapping[str, Mapping[str, float]]],
        slot_memory: Callable[[], Mapping[str, int]],
        quarantine: Callable[[], tuple[Quarantine, ...]],
    ) -> None:
        self._workers = workers
        self._database = database
        self._info = info
        self._busy_slots = busy_slots
        self._devices = devices
        self._slot_memory = slot_memory
        self._quarantine = quarantine

    async def beat_continually(self, interval_s: float, drain: Callable[[], None]) -> None:
        """Beat until cancelled.

        Args:
            interval_s: Seconds between two beats.
            drain: Called when the answer says that the worker is to take nothing more.
        """
        psutil.cpu_percent()  # the first call only marks the beginning
        while True:
            await asyncio.sleep(interval_s)
            try:
                state = await self._beat()
            except LedgerUnavailableError as error:
                log.warning("no heartbeat: %s", error)
                continue
            except Exception:
                log.exception("no heartbeat")
                continue
            if state is WorkerState.DRAINING:
                drain()

    async def _beat(self) -> WorkerState:
        load = WorkerLoad(
            cpu_percent=psutil.cpu_percent(),
            memory_percent=psutil.virtual_memory().percent,
            load_1m=os.getloadavg()[0],
            busy_slots=self._busy_slots(),
            devices=self._devices(),
            slot_memory_bytes=self._slot_memory(),
            quarantine=self._quarantine(),
        )
        return await self._database.call_soon(self._workers.heartbeat, self._info.worker_id, load)
