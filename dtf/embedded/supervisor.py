"""The process that holds a private cluster together."""

import asyncio
import logging
import os
import signal
from collections.abc import Coroutine
from typing import Any

from dtf.domain.errors import ClusterError, DtfError
from dtf.embedded.child import Child
from dtf.embedded.cluster import Cluster
from dtf.embedded.cluster_lock import ClusterLock
from dtf.embedded.control import ControlServer
from dtf.embedded.leftovers import sweep
from dtf.embedded.log_files import LogFiles
from dtf.embedded.reception import Reception
from dtf.embedded.state_directory import ClusterAddress, StateDirectory
from dtf.embedded.supervisor_config import SupervisorConfig
from dtf.embedded.workforce import WorkerPlan
from dtf.processes.libc import become_subreaper
from dtf.processes.process_table import identify
from dtf.processes.reaper import Reaper

__all__ = ["Supervisor", "SupervisorConfig", "WorkerPlan"]

_LOG = logging.getLogger(__name__)

_LOCK_WITHIN_S = 15.0
_ROUND_S = 2.0
_GOODBYE_S = 0.5


class Supervisor:
    """One per state directory: starts the cluster for its first user and ends it with its last.

    1. Take the lock of the state directory; leave at once when another supervisor answers.
    2. Listen for users; start broker and ledger side by side, then workers and coordinator.
    3. Publish ``cluster.json`` and let the users in; start again what dies, adjust the workers to the users.
    4. With the last user gone, end everything, wait for it, and only then say goodbye.

    Nothing here needs to end in order: the ledger is the truth, and whatever is killed is put right by it.
    """

    def __init__(self, config: SupervisorConfig) -> None:
        self._config = config
        self._directory = StateDirectory(config.state_dir)
        self._lock = ClusterLock(self._directory)
        self._logs = LogFiles(self._directory.logs)
        self._reaper = Reaper()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        cluster = Cluster(
            config,
            self._directory,
            logs=self._logs,
            reaper=self._reaper,
            keep=lambda child: self._begin(child.keep(self._given_up)),
        )
        self._reception = Reception(cluster, self._reaper, begin=self._begin)

    def run(self) -> int:
        """Hold the cluster until its last user has gone; call it from the main thread.

        Returns:
            The exit status: 0 also when another supervisor was there first.
        """
        try:
            self._directory.create()
            if not self._lock.acquire(_LOCK_WITHIN_S):
                return 0
            try:
                control = self._directory.control_socket(self._config.environment)
                self._lock.publish(str(control))
                become_subreaper()
                asyncio.run(self._hold(ControlServer(control, self._reception)))
            finally:
                self._lock.release()
        except DtfError as error:
            _LOG.error("supervisor-failed error=%s", error)  # written for people: no traceback
            return error.exit_code
        return 0

    async def _hold(self, server: ControlServer) -> None:
        self._reaper.start()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._reception.ended.set)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            await server.open()
            self._begin(sweep(self._directory.token))
            self._begin(self._start())
            self._begin(self._rounds())
            await self._reception.stay(self._config.idle_s)
        finally:
            await self._end(server)
        if self._failure is not None:
            raise self._failure

    async def _start(self) -> None:
        try:
            await self._reception.cluster.start(self._reception.demands)
            self._directory.write_address(self._address())
        except Exception as error:
            await self._reception.refuse(ClusterError(str(error)))
            raise
        self._reception.open()

    def _address(self) -> ClusterAddress:
        return ClusterAddress(
            pid=os.getpid(),
            start_ticks=identify(os.getpid()).start_ticks,
            broker_url=self._reception.cluster.broker_url,
            database_url=self._config.database_url,
            control=str(self._directory.control_socket(self._config.environment)),
            version=self._config.version,
        )

    async def _rounds(self) -> None:
        """What is looked at now and then."""
        while self._lock.is_ours:
            self._logs.rotate()
            await asyncio.sleep(_ROUND_S)
        raise ClusterError(f"the state directory {self._directory.path} was removed")

    async def _end(self, server: ControlServer) -> None:
        server.close()
        for task in self._tasks:
            task.cancel()
        await self._reception.cluster.stop()
        if self._lock.is_ours:
            self._directory.address.unlink(missing_ok=True)
        server.unlink()
        self._lock.release()
        self._reception.all_ended.set()
        await server.finish(_GOODBYE_S)

    def _given_up(self, child: Child) -> None:
        _LOG.error("child-given-up name=%s exit_code=%s", child.spec.name, child.exit_code)
        self._reception.warn(f"it died too often and is not started again: {child.epitaph()}")

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Let work go on beside the rest; if it fails, the supervisor ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = self._failure or error
            self._reception.ended.set()
