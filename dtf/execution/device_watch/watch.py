"""Watches the GPUs while an attempt runs."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Sequence

from dtf.domain.worker import Device
from dtf.execution.device_watch.evidence import Evidence, Sightings, any_process, cannot_be_shown
from dtf.execution.device_watch.monitor import DeviceMonitor

log = logging.getLogger(__name__)

#: The attempt's processes, as they are now. It runs in a thread.
Pids = Callable[[], Collection[int]]

#: How often it looks, in seconds: until it has seen something, and from then on.
_OFTEN_S = 0.25
_SELDOM_S = 2.0


class DeviceWatch:
    """Watches the GPUs from the start of one attempt to its end.

    It looks often until one of the attempt's processes was seen where it belongs, then seldom, for one that turns up
    where it does not. A process that is on a device for less than the time between two looks may be missed; then
    nothing is proven, and nothing is held against it.
    """

    def __init__(self, monitor: DeviceMonitor) -> None:
        self._monitor = monitor
        self._sightings = Sightings(())
        self._pids: Pids = tuple
        self._why_not = ""
        self._watching: asyncio.Task[None] | None = None

    @property
    def proven(self) -> bool:
        """Whether one of the attempt's processes was seen where it belongs, so far."""
        return self._sightings.on_own

    def start(self, devices: Sequence[Device], pids: Pids) -> None:
        """Begin.

        Args:
            devices: The GPUs that the attempt was given.
            pids: Names its processes; called in a thread.
        """
        self._sightings, self._pids = Sightings(devices), pids
        self._why_not = cannot_be_shown(devices)
        if not self._why_not:
            self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> Evidence:
        """End, and say what was seen; to be called before the attempt's processes are ended, where they stay."""
        if self._watching is None:
            return Evidence(why_not=self._why_not)
        self._watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._watching
        self._watching = None
        await self._look()
        return self._sightings.evidence()

    async def _watch(self) -> None:
        while True:
            # a look that has begun is not broken off: the next one would find its answer
            await asyncio.shield(self._look())
            await asyncio.sleep(_SELDOM_S if self.proven else _OFTEN_S)

    async def _look(self) -> None:
        try:
            reading = await self._monitor.read()
            if reading is not None and any_process(reading):
                self._sightings.add(reading, await asyncio.to_thread(self._pids))
        except Exception:  # a look that fails shows nothing, and must not end the attempt
            log.exception("the GPUs cannot be looked at")
