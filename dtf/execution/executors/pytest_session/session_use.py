"""What a shard holds of a session while it runs."""

import asyncio
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from dtf.domain.manifest import Manifest
from dtf.domain.outcome import Outcome
from dtf.domain.ports.executor import SlotContext
from dtf.domain.shard import ClaimedShard
from dtf.execution.executors.pytest_session.failure import SessionFailedError
from dtf.execution.executors.pytest_session.pool import SessionPool
from dtf.execution.executors.pytest_session.runner_handle import RunnerHandle
from dtf.execution.executors.pytest_session.slot import Slot, Start
from dtf.execution.executors.pytest_session.suite import Suite, runner_environment
from dtf.execution.executors.pytest_session.warm_session import WarmSession

#: How many sessions a shard tries when their parents die under it.
_SESSIONS = 4


class SessionUse:
    """Holds a session for a shard, and another one when the first dies.

    Attributes:
        session: The session that is held.
    """

    session: WarmSession

    def __init__(
        self, pool: SessionPool, suite: Suite, shard: ClaimedShard, context: SlotContext, collect_s: float
    ) -> None:
        self._collect_s = collect_s
        self._pool = pool
        self._suite = suite
        self._shard = shard
        self._context = context
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Hold a session.

        Raises:
            SessionFailedError: Its interpreter cannot be started.
        """
        await self._hold()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    async def manifest(self) -> Manifest:
        """Wait for the collection, or for the cancel; what is printed meanwhile goes to the shard's log.

        Raises:
            SessionFailedError: There is no collection.
        """
        session = self.session
        if session.collected:
            return await session.manifest(0.0)
        session.pump.attach(self._context.log)
        collecting = asyncio.create_task(session.manifest(self._collect_s))
        cancelled = asyncio.create_task(self._context.cancelled.wait())
        try:
            await asyncio.wait([collecting, cancelled], return_when=asyncio.FIRST_COMPLETED)
            if collecting.done():
                return _told_once(collecting)
            raise SessionFailedError(Outcome.CANCELLED, self._context.cancel_reason or "cancelled")
        finally:
            collecting.cancel()
            cancelled.cancel()
            session.pump.attach(None)

    async def obtain(self, slot: Slot) -> RunnerHandle:
        """Get a runner for the shard, from another session where this one died.

        Raises:
            SessionFailedError: There is none to be had.
        """
        for attempt in range(_SESSIONS):
            if not self.session.alive:
                await self._hold()
            await self.manifest()
            try:
                return await slot.obtain(self.session, self._start())
            except SessionFailedError as error:
                if error.outcome is not Outcome.INFRA or attempt + 1 == _SESSIONS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def _hold(self) -> None:
        self.session = await self._stack.enter_async_context(self._pool.use(self._suite, self._context.spawner))

    def _start(self) -> Start:
        return Start(
            environment=runner_environment(self._context.environment),
            slots=self._context.slots,
            output_cap=self._context.output_cap,
            spawner=self._context.spawner,
            affinity=self._shard.affinity,
            isolation=self._suite.work.isolation,
            limit_s=self._collect_s,
        )


def _told_once(collecting: asyncio.Task[Manifest]) -> Manifest:
    """The result; what the process printed about its failure is in the log already."""
    try:
        return collecting.result()
    except SessionFailedError as error:
        if error.printed:
            raise SessionFailedError(error.outcome, error.reason) from error
        raise
