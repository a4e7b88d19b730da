"""How busy the worker's GPUs are, for its heartbeat."""

import asyncio
import logging
from typing import Protocol

from dtf.domain.specs import GPU_TAGS
from dtf.domain.worker import WorkerInfo
from dtf.execution.device_watch.reading import Reading, device_figures

log = logging.getLogger(__name__)


class Monitor(Protocol):
    """Looks at GPUs."""

    async def read(self) -> Reading | None:
        """Look at all GPUs of this host; None: they cannot be seen now."""
        ...


class DeviceFigures:
    """Looks at the worker's GPUs now and then. A look may take long, and the heartbeat must not wait for it.

    Attributes:
        latest: By device and name, as ``WorkerLoad`` has them.
    """

    def __init__(self, worker: WorkerInfo, monitor: Monitor) -> None:
        self.latest: dict[str, dict[str, float]] = {}
        self._uuids = {d.uuid for d in worker.devices if d.kind in GPU_TAGS and not d.simulated}
        self._monitor = monitor

    async def look_continually(self, interval_s: float) -> None:
        """Look until cancelled; return at once where there is no GPU.

        Args:
            interval_s: Seconds between two looks.
        """
        while self._uuids:
            try:
                reading = await self._monitor.read()
            except Exception:
                log.exception("the GPUs' figures cannot be had")
                reading = None
            found = device_figures(reading) if reading is not None else {}
            self.latest = {uuid: figures for uuid, figures in found.items() if uuid in self._uuids}
            await asyncio.sleep(interval_s)
