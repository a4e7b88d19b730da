"""A suite's warm parent, and the runners that come out of it."""

import asyncio
import logging
import signal
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from dtf.domain.manifest import Manifest
from dtf.domain.outcome import Outcome
from dtf.domain.ports.executor import Spawner
from dtf.execution.executors.pytest_session.agent_process import AgentProcess
from dtf.execution.executors.pytest_session.death import Death
from dtf.execution.executors.pytest_session.failure import SessionFailedError
from dtf.execution.executors.pytest_session.runner_handle import RunnerHandle
from dtf.execution.executors.pytest_session.suite import Suite, parent_environment
from dtf.execution.host.line_channel import LineChannel, Message
from dtf.execution.host.log_pump import LogPump

logger = logging.getLogger(__name__)

#: How long a fork may take before the parent counts as hung, in seconds.
_FORK_S = 60.0

#: How long a session may take to finish when its worker is done with it, in seconds.
CLOSE_S = 15.0


class WarmSession:
    """One warm parent and its runners.

    Attributes:
        suite: What it holds.
        users: How many shards use it now.
        idle_since: When the last of them ended, on the loop's clock.
        complaints: What was wrong with the end of its runners' sessions and is no shard's verdict yet.
    """

    def __init__(self, suite: Suite, agent: AgentProcess, directory: Path) -> None:
        self.suite = suite
        self.users = 0
        self.complaints: list[str] = []
        self.idle_since = asyncio.get_running_loop().time()
        self._agent = agent
        self._directory = directory
        self._serials = count()
        self._runners: dict[int, RunnerHandle] = {}
        self._forked: dict[int, asyncio.Future[int]] = {}
        agent.on_message(self._hear)
        agent.ended.add_done_callback(lambda _: self._bury_all())

    @classmethod
    async def start(cls, suite: Suite, spawner: Spawner, directory: Path) -> "WarmSession":
        """Start the warm parent.

        Raises:
            SessionFailedError: The interpreter cannot be started.
        """
        order = {"mode": "parent", "worker_id": "gw0", "worker_count": 1}
        agent = await AgentProcess.start(suite, spawner, order, parent_environment(suite.environment), None)
        return cls(suite, agent, directory)

    @property
    def alive(self) -> bool:
        """Whether its process is there."""
        return not self._agent.ended.done()

    @property
    def collected(self) -> bool:
        """Whether the collection is over."""
        return self._agent.collected.done()

    @property
    def pump(self) -> LogPump:
        """What the parent prints."""
        return self._agent.pump

    @property
    def proof(self) -> dict[str, str]:
        """What ran the suite, and under ``notes``, one a line, what of its options has no effect."""
        found = {"interpreter": self.suite.interpreter.path, "pytest": self._agent.pytest_version}
        notes = "\n".join(dict.fromkeys(self._agent.notes))
        return {**found, "notes": notes} if notes else found

    async def manifest(self, limit_s: float) -> Manifest:
        """Wait for the collection.

        Args:
            limit_s: How long it may take, in seconds from now.

        Raises:
            SessionFailedError: It failed, or took too long; then the parent is killed.
        """
        return await _collect(self._agent, limit_s)

    async def runner(
        self,
        *,
        slot: int,
        worker_id: str,
        count: int,
        environment: Mapping[str, str],
        output_cap: int,
        spawner: Spawner,
        limit_s: float,
    ) -> RunnerHandle:
        """Start a runner: a fork, or a process that collects for itself where a fork is unsafe.

        Raises:
            SessionFailedError: The parent died or hangs, or the process cannot collect within ``limit_s``.
        """
        serial = next(self._serials)
        stacks = self._directory / f"stacks-{self.suite.key}-{slot}-{serial}"
        order: Message = {
            "worker_id": worker_id,
            "worker_count": count,
            "serial": serial,
            "stacks": str(stacks),
            "output_cap": output_cap,
        }
        if self._agent.unsafe:
            agent = await AgentProcess.start(self.suite, spawner, {**order, "mode": "slot"}, environment, slot)
            try:
                await _collect(agent, limit_s)
            except asyncio.CancelledError:  # the shard was called off
                await agent.kill()
                raise
            runner = self._runners[serial] = RunnerHandle.of_agent(agent, stacks, environment)
            agent.ended.add_done_callback(lambda _: self._runners.pop(serial, None))
            return runner
        return await self._fork(serial, order, stacks)

    async def close(self) -> None:
        """End the runners, then the parent."""
        await asyncio.gather(*(runner.end(CLOSE_S) for runner in list(self._runners.values())))
        if self._agent.ended.done():
            await self._agent.kill()  # what it left behind
        else:
            await self._agent.close(CLOSE_S)

    async def _fork(self, serial: int, order: Message, stacks: Path) -> RunnerHandle:
        channel, theirs = LineChannel.pair()
        pump = LogPump()
        runner = RunnerHandle(channel, pump, stacks, parent_environment(self.suite.environment))
        forked = self._forked[serial] = asyncio.get_running_loop().create_future()
        self._runners[serial] = runner
        await self._agent.channel.send({"do": "fork", **order}, (theirs.fileno(), pump.write_end))
        theirs.close()
        pump.close_write_end()
        await asyncio.wait([forked, self._agent.ended], timeout=_FORK_S, return_when=asyncio.FIRST_COMPLETED)
        del self._forked[serial]
        if not forked.done():
            self._runners.pop(serial, None)
            await self._agent.kill()
            raise SessionFailedError(Outcome.INFRA, "the warm parent died or did not answer")
        runner.pid = forked.result()
        channel.listen(runner.hear)
        return runner

    def _hear(self, message: Message) -> None:
        if message["event"] == "forked":
            self._forked[message["serial"]].set_result(message["pid"])
        elif message["event"] == "exited":
            runner = self._runners.pop(message["serial"], None)
            if runner is not None:
                death = Death(
                    code=message["code"],
                    signal=message["signal"],
                    cpu_s=message["cpu_s"],
                    max_rss_bytes=message["max_rss_bytes"],
                )
                _keep(asyncio.create_task(_bury(runner, death)))

    def _bury_all(self) -> None:
        """The kernel kills the runners of a dead parent."""
        runners, self._runners = self._runners, {}
        for runner in runners.values():
            _keep(asyncio.create_task(_bury(runner, Death(code=None, signal=signal.SIGKILL))))


async def _collect(agent: AgentProcess, limit_s: float) -> Manifest:
    """Wait for an agent's collection; kill it when that takes too long."""
    if not agent.collected.done():
        await asyncio.wait([agent.collected], timeout=limit_s)
    if not agent.collected.done():
        await agent.kill()
        raise SessionFailedError(Outcome.ERROR, f"the collection took longer than {limit_s:g} s")
    return agent.collected.result()


async def _bury(runner: RunnerHandle, death: Death) -> None:
    await runner.channel.finish()
    runner.bury(death)


_tasks: set[asyncio.Task[None]] = set()


def _keep(task: asyncio.Task[None]) -> None:
    """Hold a task until it is done: the loop itself holds it only weakly."""
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
