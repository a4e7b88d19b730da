"""What a slot keeps from shard to shard."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from dtf.domain.ports.executor import Spawner
from dtf.domain.work import Isolation
from dtf.execution.executors.pytest_session.numbers import WorkerNumber
from dtf.execution.executors.pytest_session.runner_handle import RunnerHandle
from dtf.execution.executors.pytest_session.warm_session import CLOSE_S, WarmSession

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a slot needs to start a runner.

    Attributes:
        environment: The whole environment of the shard.
        slots: How many slots the worker has.
        output_cap: The most characters of captured output that a case keeps.
        spawner: Starts processes.
        affinity: The shard's module.
        isolation: How long a runner may be kept.
        limit_s: How long a process that is not forked may collect, in seconds.
    """

    environment: Mapping[str, str]
    slots: int
    output_cap: int
    spawner: Spawner
    affinity: str
    isolation: Isolation
    limit_s: float


class Slot:
    """One slot: its number on the host and its runner, which keeps session fixtures over shards.

    Attributes:
        index: The slot's number on its worker.
        number: Its number on the host while it has a runner.
    """

    def __init__(self, index: int) -> None:
        self.index = index
        self.number: WorkerNumber | None = None
        self._session: WarmSession | None = None
        self._runner: RunnerHandle | None = None
        self._changing = asyncio.Lock()

    async def obtain(self, session: WarmSession, start: Start) -> RunnerHandle:
        """Take the runner that was kept, if it fits, else a new one.

        Raises:
            SessionFailedError: The session died.
        """
        async with self._changing:  # a runner that was of no more use may be ending, and has the slot's number
            return await self._obtain(session, start)

    async def _obtain(self, session: WarmSession, start: Start) -> RunnerHandle:
        if self._runner is not None:
            fits = self._session is session and not self._runner.ended.done()
            if start.isolation is Isolation.MODULE and self._runner.affinity != start.affinity:
                fits = False
            if fits:
                runner, self._runner = self._runner, None
                return runner
            await self.drop()
        if self.number is None:
            self.number = WorkerNumber()
        return await session.runner(
            slot=self.index,
            worker_id=f"gw{self.number.value}",
            count=max(start.slots, self.number.value + 1),
            environment=start.environment,
            output_cap=start.output_cap,
            spawner=start.spawner,
            limit_s=start.limit_s,
        )

    def keep(self, session: WarmSession, runner: RunnerHandle) -> None:
        """Keep a runner for the next shard."""
        runner.detach()
        self._session, self._runner = session, runner

    async def retire(self, is_over: Callable[[], Awaitable[bool]], look_s: float) -> None:
        """End the runner that was kept as soon as it is of no more use, unless it is taken again before.

        Args:
            is_over: Whether nothing more will come for it.
            look_s: How often that is asked, in seconds.
        """
        kept = self._runner
        while kept is not None:
            await asyncio.sleep(look_s)
            async with self._changing:
                if self._runner is not kept or kept.ended.done():
                    return
                if await is_over() and self._runner is kept:
                    await self.drop()

    def keeps(self, session: WarmSession) -> bool:
        """Whether it keeps a runner of this session."""
        return self._runner is not None and self._session is session

    async def leave(self, session: WarmSession) -> None:
        """End the runner that was kept, if it is one of this session."""
        if not self.keeps(session):
            return
        async with self._changing:
            if self.keeps(session):
                await self.drop()

    async def drop(self, *, gently: bool = True) -> None:
        """End the runner that was kept; gently: its session finishes first."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        if gently:
            complaint = (await runner.end(CLOSE_S)).complaint
            if complaint and self._session is not None:
                logger.warning("slot %d, %s: %s", self.index, self._session.suite.workdir, complaint)
                self._session.complaints.append(complaint)
        else:
            await runner.kill()
        printed = runner.pump.tail().strip()
        if printed:
            logger.info("slot %d: a finished session had printed: %s", self.index, printed[-4000:])
        runner.close()

    def release(self) -> None:
        """Give the number back."""
        if self.number is not None:
            self.number.release()
            self.number = None
