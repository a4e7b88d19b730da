"""Executes pytest suites: collects them, and runs their shards in warm sessions."""

import asyncio
import functools
import logging
import platform
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from dtf.domain.clock import Clock, SystemClock
from dtf.domain.errors import BadInputError
from dtf.domain.outcome import Outcome
from dtf.domain.ports.executor import SlotContext
from dtf.domain.shard import AttemptResult, ClaimedShard, ShardKind
from dtf.domain.specs import GPU_TAGS, JobSpec
from dtf.domain.work import JobKind, PytestWork
from dtf.execution.executors.pytest_session.failure import SessionFailedError
from dtf.execution.executors.pytest_session.interpreter import choose_interpreter
from dtf.execution.executors.pytest_session.pool import SessionPool
from dtf.execution.executors.pytest_session.session_use import SessionUse
from dtf.execution.executors.pytest_session.shard_run import ShardRun
from dtf.execution.executors.pytest_session.slot import Slot
from dtf.execution.executors.pytest_session.suite import Suite
from dtf.execution.executors.pytest_session.warm_session import WarmSession

logger = logging.getLogger(__name__)


class PytestExecutor:
    """Runs pytest suites in their own interpreter.

    For each suite there is one warm parent, which collects and runs nothing, and for each slot one runner forked
    from it, which keeps session fixtures from shard to shard. A crash costs one fork.

    A session fixture that breaks at its teardown: with isolation by shard, module or test, and when
    ``SlotContext.job_ends`` says that nothing of the job waits, the session ends with the last test, and the error is
    that test's, as with pytest-xdist. Otherwise the session ends after its results were recorded, and the error is
    in the worker's log.

    Args:
        root: A directory for small private files, created when needed.
        max_idle: How many sessions that nobody uses stay warm.
        idle_s: How long they do, in seconds.
        look_s: How often is asked whether an idle runner will have more work, in seconds.
        collect_s: How long a collection may take at least, in seconds; a job's longer limit for a test counts too.
    """

    kind = JobKind.PYTEST

    def __init__(
        self,
        root: Path,
        *,
        max_idle: int = 2,
        idle_s: float = 60.0,
        look_s: float = 2.0,
        collect_s: float = 600.0,
        clock: Clock | None = None,
    ) -> None:
        self._root = root
        self._max_idle = max_idle
        self._idle_s = idle_s
        self._look_s = look_s
        self._collect_s = collect_s
        self._clock = clock or SystemClock()
        self._pool_made: SessionPool | None = None
        self._slots: dict[int, Slot] = {}
        self._runs: dict[int, ShardRun] = {}
        self._used: dict[int, set[WarmSession]] = {}
        self._background: set[asyncio.Task[None]] = set()

    async def run(self, shard: ClaimedShard, context: SlotContext) -> AttemptResult:
        """Collect the suite, or run a shard of it."""
        started, began = self._clock.now(), self._clock.monotonic()
        try:
            result = await self._run(shard, context)
        except SessionFailedError as error:
            result = self._failed(shard, context, error)
        except BadInputError as error:
            result = self._failed(shard, context, SessionFailedError(Outcome.ERROR, str(error)))
        return replace(result, started_at=started, duration_s=self._clock.monotonic() - began)

    async def prepare(self, job_id: str, job: JobSpec, context: SlotContext) -> None:
        """Start the suite's warm parent and return while it collects."""

        async def warm() -> None:
            try:
                async with self._pool.use(self._suite(job_id, job, context), context.spawner) as session:
                    await session.manifest(self._limit_s(job))
            except (SessionFailedError, BadInputError) as error:
                logger.info("job %s could not be prepared: %s", job_id, error)

        self._in_background(warm())

    async def end_slot(self, slot: int) -> None:
        """Kill what runs for the slot; its shard ends as INFRA."""
        run = self._runs.get(slot)
        if run is not None:
            run.interrupt(Outcome.INFRA, "the slot's Celery process is gone")
        elif slot in self._slots:
            await self._slots[slot].drop(gently=False)

    async def vacate(self, slot: int) -> None:
        """End the slot's runner, gently, and the warm parents that only it has used."""
        if slot in self._slots:
            await self._slots[slot].drop()
        await self._leave(slot, None)

    async def _leave(self, slot: int, for_session: WarmSession | None) -> None:
        """Close the warm parents that were used on a slot, but for the one that is used there now."""
        for session in self._used.pop(slot, set()) - {for_session}:
            if not any(other.keeps(session) for other in self._slots.values()):
                await self._pool.drop(session)
        if for_session is not None:
            self._used[slot] = {for_session}

    async def close(self) -> None:
        """End every session; finish those that are idle."""
        for task in list(self._background):
            task.cancel()
        for run in self._runs.values():
            run.interrupt(Outcome.CANCELLED, "the worker stops")
        await asyncio.gather(*(slot.drop() for slot in self._slots.values()))
        for slot in self._slots.values():
            slot.release()
        if self._pool_made is not None:
            await self._pool_made.close()

    @property
    def _pool(self) -> SessionPool:
        if self._pool_made is None:
            self._pool_made = SessionPool(self._root, max_idle=self._max_idle, idle_s=self._idle_s)
        return self._pool_made

    def _suite(self, job_id: str, job: JobSpec, context: SlotContext) -> Suite:
        work = job.work
        if not isinstance(work, PytestWork):
            raise BadInputError(f"the job {job.name} is no pytest suite")
        interpreter = choose_interpreter(
            work.python,
            workdir=context.workdir,
            source_root=context.source_root,
            environment=context.environment,
        )
        return Suite(
            job_id=job_id,
            work=work,
            interpreter=interpreter,
            workdir=context.workdir,
            environment=context.environment,
            requirements=job.requirements,
        )

    async def _run(self, shard: ClaimedShard, context: SlotContext) -> AttemptResult:
        suite = self._suite(shard.job_id, shard.job, context)
        if shard.kind is ShardKind.COLLECT:
            return await self._collect(shard, context, suite)
        run = await self._work(shard, context, suite)
        death = run.death
        return AttemptResult(
            shard_id=shard.shard_id,
            attempt=shard.attempt,
            worker_id=context.worker_id,
            slot=context.slot,
            outcome=run.outcome,
            reason=run.reason,
            cases=tuple(run.cases.values()),
            exit_code=death.code if death else None,
            signal=death.signal if death else None,
            cpu_s=run.cpu_s,
            max_rss_bytes=run.max_rss_bytes,
            proof={"host": platform.node(), "interpreter": suite.interpreter.path, **run.losses.notes},
        )

    async def _collect(self, shard: ClaimedShard, context: SlotContext, suite: Suite) -> AttemptResult:
        async with self._use(shard, context, suite) as use:
            await self._note_use(context, use.session)
            manifest, proof = await use.manifest(), use.session.proof
        empty = not manifest.items
        left_out = f" ({manifest.deselected} deselected)" if manifest.deselected else ""
        return AttemptResult(
            shard_id=shard.shard_id,
            attempt=shard.attempt,
            worker_id=context.worker_id,
            slot=context.slot,
            outcome=Outcome.EMPTY if empty else Outcome.PASSED,
            reason=f"the suite collected no test{left_out}" if empty else "",
            manifest=manifest,
            proof={"host": platform.node(), **proof},
        )

    async def _work(self, shard: ClaimedShard, context: SlotContext, suite: Suite) -> ShardRun:
        """Run a shard on its slot's runner, which is kept for the next one."""
        slot = self._slots.setdefault(context.slot, Slot(context.slot))
        async with self._use(shard, context, suite) as use:
            await self._note_use(context, use.session)
            run = self._runs[context.slot] = ShardRun(
                shard, suite.work, context, functools.partial(use.obtain, slot), self._clock
            )
            try:
                await run.run()
            finally:
                del self._runs[context.slot]
            if run.runner is not None:
                slot.keep(use.session, run.runner)
            elif context.job_ends is not None and await context.job_ends():
                await asyncio.gather(*(other.leave(use.session) for other in self._slots.values()))
            complaints, use.session.complaints = use.session.complaints, []
            if complaints and run.verdict is None:
                run.give_up(complaints[0])
        if context.job_ends is not None:
            self._in_background(self._retire(slot, use.session, context.job_ends))
        return run

    async def _note_use(self, context: SlotContext, session: WarmSession) -> None:
        """On a GPU nothing stays of the sessions before: what their modules loaded may hold its memory."""
        if context.hardware not in (*GPU_TAGS, "gpu"):
            return
        slot = self._slots.get(context.slot)
        if slot is not None and not slot.keeps(session):
            await slot.drop()
        await self._leave(context.slot, session)

    async def _retire(self, slot: Slot, session: WarmSession, job_ends: Callable[[], Awaitable[bool]]) -> None:
        """End what a shard has left as soon as its job has no more work: the slot's runner, then the warm parent."""
        await slot.retire(job_ends, self._look_s)
        wanted = session.users or any(slot.keeps(session) for slot in self._slots.values())
        if not wanted and await job_ends():
            self._pool.discard(session)

    def _use(self, shard: ClaimedShard, context: SlotContext, suite: Suite) -> SessionUse:
        return SessionUse(self._pool, suite, shard, context, self._limit_s(shard.job))

    def _limit_s(self, job: JobSpec) -> float:
        """How long a collection may take: many fast tests may come with a slow import."""
        return max(job.timeout_s, self._collect_s)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("what was done in the background failed", exc_info=task.exception())

    def _failed(self, shard: ClaimedShard, context: SlotContext, error: SessionFailedError) -> AttemptResult:
        """The result of an attempt whose session did not come up."""
        if error.text:
            context.log(error.text.encode(errors="replace") + b"\n")
        return AttemptResult(
            shard_id=shard.shard_id,
            attempt=shard.attempt,
            worker_id=context.worker_id,
            slot=context.slot,
            outcome=error.outcome,
            reason=error.reason,
            proof={"host": platform.node()},
        )
