"""What follows the last test of a shard."""

import asyncio
import logging

from dtf.domain.ports.executor import SlotContext
from dtf.domain.shard import ClaimedShard
from dtf.domain.work import Isolation
from dtf.execution.executors.pytest_session.runner_handle import RunnerHandle
from dtf.execution.host.line_channel import Message

logger = logging.getLogger(__name__)


class Succession:
    """Finds out what follows a shard, as late as pytest allows, and tells the shard's runner.

    Before the last test begins the runner is told whether the session ends with it. If not, the next shard is claimed
    when that test has been called and is about to be torn down: a shard that was claimed earlier would wait for it,
    while other slots have nothing to do.

    Attributes:
        decision: What was decided; None: nothing yet.
    """

    def __init__(self, shard: ClaimedShard, isolation: Isolation, context: SlotContext) -> None:
        self.decision: Message | None = None
        self._shard = shard
        self._isolation = isolation
        self._context = context
        self._told: RunnerHandle | None = None
        self._claiming: asyncio.Task[Message] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_last(self) -> bool:
        """Whether the session ends with this shard."""
        return self.decision is not None and self.decision["do"] == "last"

    def foresee(self, runner: RunnerHandle) -> None:
        """Tell a runner, once, whether its session ends with the shard."""
        if self._told is not runner and self._isolation not in (Isolation.TEST, Isolation.SHARD):
            self._told = runner
            self._start(runner, early=True)

    def answer(self, event: str, runner: RunnerHandle) -> None:
        """Answer a runner that is about to begin its last test (``holding``), or to tear it down (``claiming``)."""
        if event == "holding":
            self.foresee(runner)
        else:
            self._start(runner, early=False)

    async def finish(self) -> None:
        """Wait until nothing is under way: what is claimed has to be known."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, runner: RunnerHandle, *, early: bool) -> None:
        task = asyncio.create_task(self._tell(runner, early=early))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, runner: RunnerHandle, *, early: bool) -> None:
        if early and self._claiming is None:
            if self._isolation is not Isolation.MODULE and await self._job_ends():
                self.decision = {"do": "last"}
            answer = self.decision or {"do": "later"}
        else:
            if self._claiming is None:
                self._claiming = asyncio.create_task(self._claim())
            answer = self.decision = await self._claiming
        if not runner.ended.done():
            await runner.decide(answer)

    async def _claim(self) -> Message:
        try:
            following = await self._context.follow_on()
        except Exception:
            logger.exception("the next shard after %s could not be claimed", self._shard.shard_id)
            following = None
        self._context.next_shard = following
        if following is not None:
            return {"do": "next", "items": [[ordinal, item.nodeid] for ordinal, item in following.items]}
        if self._isolation is Isolation.MODULE or await self._job_ends():
            return {"do": "last"}
        return {"do": "release"}

    async def _job_ends(self) -> bool:
        ask = self._context.job_ends
        return ask is not None and await ask()
