"""The processes of a private cluster."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dtf.domain.errors import ClusterError
from dtf.embedded.broker import start_broker
from dtf.embedded.child import Child, ChildSpec, ChildState
from dtf.embedded.forked import Forked
from dtf.embedded.log_files import LogFiles
from dtf.embedded.processes import TOKEN_VARIABLE, send
from dtf.embedded.state_directory import StateDirectory
from dtf.embedded.supervisor_config import SupervisorConfig
from dtf.embedded.valkey import find_valkey
from dtf.embedded.workforce import Demand, WorkerPlan, adjust
from dtf.processes.process_table import descendants, read_table
from dtf.processes.reaper import Reaper

_LOG = logging.getLogger(__name__)

_KILL_ROUNDS = 20
_KILL_ROUND_S = 0.25


class Cluster:
    """Broker, coordinator and workers: started, kept running, adjusted to the users, and ended.

    Attributes:
        config: What to run.
        broker_url: The broker's URL; empty before it runs.
    """

    def __init__(
        self,
        config: SupervisorConfig,
        directory: StateDirectory,
        *,
        logs: LogFiles,
        reaper: Reaper,
        keep: Callable[[Child], None],
    ) -> None:
        """Make a cluster of which nothing runs yet.

        Args:
            config: What to run.
            directory: Its state directory.
            logs: Where the processes write.
            reaper: Waits for them.
            keep: Takes over a started program and keeps it running.
        """
        self.config = config
        self.broker_url = ""
        self._directory = directory
        self._logs = logs
        self._reaper = reaper
        self._keep = keep
        self._broker: Child | None = None
        self._coordinator: Child | None = None
        self._workers: dict[str, tuple[WorkerPlan, Child]] = {}

    async def start(self, demands: Callable[[], Iterable[Demand]]) -> None:
        """Start everything that the users need.

        Args:
            demands: Tells what they need, when it is time to know.

        Raises:
            ClusterError: Something does not start.
        """
        preparation = asyncio.ensure_future(self._prepare())
        try:
            await self._start_broker()
            if not self.config.early_start:
                await preparation
            self.staff(demands())  # first: a worker takes longest to get ready
            await preparation
            self._start_coordinator()
        finally:
            preparation.cancel()

    def staff(self, demands: Iterable[Demand]) -> None:
        """Start the workers that are missing and drain those that nobody needs.

        Raises:
            ClusterError: A worker cannot be started.
        """
        self._workers = {
            name: (plan, child)
            for name, (plan, child) in self._workers.items()
            if child.state not in (ChildState.ENDED, ChildState.GIVEN_UP)
        }
        live = [plan for plan, child in self._workers.values() if child.state is not ChildState.DRAINING]
        adjustment = adjust(demands, live, self._workers)
        for name in adjustment.drain:
            self._workers[name][1].drain()
        for plan in adjustment.start:
            extra = plan.profile.variables if plan.profile else {}
            child = self._child(plan.name, self.config.worker_command(plan), extra)
            self._workers[plan.name] = (plan, child)
            self._launch(child)

    def revive(self) -> None:
        """Start again what was given up, because somebody new wants it.

        Raises:
            ClusterError: It cannot be started.
        """
        for child in (self._broker, self._coordinator):
            if child is not None and child.state is ChildState.GIVEN_UP:
                child.policy.quick_deaths = 0
                self._launch(child)

    def status(self) -> list[dict[str, Any]]:
        """The processes, for people."""
        return [
            {"name": child.spec.name, "pid": child.pid, "state": child.state.value, "restarts": child.restarts}
            for child in self._children()
        ]

    async def stop(self) -> None:
        """End everything, guardians and what they watch over included, and wait for it."""
        for _, child in self._workers.values():
            child.kill()  # its guardian sees it, ends what it ran and gives its claims back
        for other in (self._coordinator, self._broker):
            if other is not None:
                other.kill(signal.SIGTERM)
        if await self._reaper.wait_for_all(self.config.teardown_s):
            return
        for _ in range(_KILL_ROUNDS):
            left = descendants(read_table(), [os.getpid()])
            _LOG.warning("teardown-kill pids=%s", left)
            for pid in left:
                send(pid, signal.SIGKILL)
            if await self._reaper.wait_for_all(_KILL_ROUND_S):
                return

    async def _prepare(self) -> None:
        if self.config.prepare is None:
            return
        try:
            await Forked(self.config.prepare, self._reaper).wait()
        except ClusterError as error:
            raise ClusterError(f"the ledger cannot be prepared: {error}") from error

    async def _start_broker(self) -> None:
        program = self.config.valkey or find_valkey()
        environment = {**self.config.environment, TOKEN_VARIABLE: self._directory.token}
        self._broker, address = await start_broker(
            program, self._directory.path, environment, reaper=self._reaper, logs=self._logs
        )
        self.broker_url = address.url
        self._keep(self._broker)

    def _start_coordinator(self) -> None:
        self._coordinator = self._child("coordinator", self.config.coordinator_command, {})
        self._launch(self._coordinator)

    def _launch(self, child: Child) -> None:
        child.start()
        self._keep(child)

    def _child(self, name: str, argv: Iterable[str], extra: Mapping[str, str]) -> Child:
        environment = self.config.child_environment(self.broker_url, self._directory.token, extra)
        spec = ChildSpec(name=name, argv=tuple(argv), environment=environment, directory=self._directory.path)
        return Child(spec=spec, reaper=self._reaper, logs=self._logs)

    def _children(self) -> list[Child]:
        fixed = [child for child in (self._broker, self._coordinator) if child is not None]
        return fixed + [child for _, child in self._workers.values()]
