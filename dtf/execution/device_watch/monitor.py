"""The guardian's access to the process that looks at the GPUs."""

import asyncio
import logging
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from dtf.domain.codec import from_json
from dtf.domain.errors import BadInputError
from dtf.domain.ports.executor import Spawner
from dtf.execution.device_watch.reading import Reading
from dtf.execution.host.lost import HostLostError, HostSilentError
from dtf.execution.host.messages import Order
from dtf.execution.host.process import HostProcess

log = logging.getLogger(__name__)

_ARGV = (sys.executable, "-P", "-m", "dtf.execution.device_watch")
#: How long one look may take before the process is killed, in seconds; the first one opens NVML.
_LOOK_S = 15.0
#: A look serves everybody who asks within this time, in seconds.
_FRESH_S = 0.1
#: How long nobody tries again when the process was lost, in seconds: a driver that hangs does so for long.
_REST_S = 60.0


class DeviceMonitor:
    """One process for all slots of a worker, started when somebody first asks, and anew when it was lost."""

    def __init__(self, spawner: Spawner, *, cwd: Path, environment: Mapping[str, str], look_s: float = _LOOK_S) -> None:
        self._spawner = spawner
        self._look_s = look_s
        self._cwd = cwd
        self._environment = environment
        self._host: HostProcess | None = None
        self._turn = asyncio.Lock()
        self._last: Reading | None = None
        self._seen_at = self._rested_at = -_REST_S

    async def read(self) -> Reading | None:
        """Look at all GPUs of this host; None: they cannot be seen now."""
        async with self._turn:
            if time.monotonic() - self._seen_at < _FRESH_S:
                return self._last
            if time.monotonic() < self._rested_at:
                return None
            self._last = await self._look()
            self._seen_at = time.monotonic()
            return self._last

    async def close(self) -> None:
        """End the process."""
        async with self._turn:
            if self._host is not None:
                await self._host.close()
                self._host = None

    async def _look(self) -> Reading | None:
        try:
            host = await self._running()
            return await self._ask(host)
        except (HostLostError, OSError, BadInputError) as error:
            log.warning("the GPUs cannot be watched for %g s, so nothing is proven on them: %s", _REST_S, error)
            self._rested_at = time.monotonic() + _REST_S
            return None

    async def _ask(self, host: HostProcess) -> Reading:
        try:
            # the host's own patience would hold up the end of an attempt for longer
            async with asyncio.timeout(self._look_s):
                report = await host.ask(Order(number=0, do="look", time_limit_s=self._look_s))
        except TimeoutError:
            await host.kill()
            raise HostSilentError("look", self._look_s) from None
        return from_json(Reading, report.data)

    async def _running(self) -> HostProcess:
        if self._host is None or not self._host.alive:
            self._host = await HostProcess.start(
                _ARGV, cwd=self._cwd, environment=self._environment, spawner=self._spawner, slot=None
            )
        return self._host
