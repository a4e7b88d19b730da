"""Runs one shard on its slot's runner, through crashes and time limits, to its end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from dtf.domain.case import CaseResult
from dtf.domain.clock import Clock
from dtf.domain.outcome import FAILURES, CaseOutcome, Outcome, outcome_of_cases
from dtf.domain.ports.executor import SlotContext
from dtf.domain.shard import ClaimedShard
from dtf.domain.work import Isolation, PytestWork
from dtf.execution.executors.pytest_session.case import broken, reported
from dtf.execution.executors.pytest_session.death import RETRIES_AFTER_KILL, Death, charge
from dtf.execution.executors.pytest_session.device_losses import DeviceLosses
from dtf.execution.executors.pytest_session.failure import SessionFailedError
from dtf.execution.executors.pytest_session.runner_handle import RunnerHandle
from dtf.execution.executors.pytest_session.succession import Succession
from dtf.execution.host.line_channel import Message

logger = logging.getLogger(__name__)

#: How long a runner may take before its first test begins, in seconds.
_BOOT_S = 120.0

#: How long a session may take to end after its last test, in seconds.
_END_S = 60.0

_GONE = (
    "collected at planning, gone now: the ids of parameters must not depend on the time, on chance or on the order of "
    "a set"
)

Obtain = Callable[[], Awaitable[RunnerHandle]]


class ShardRun:
    """The state of one shard's execution.

    All that can happen (events of the runner, its death, a deadline, a cancel) comes through one queue, so that
    there is one order of things.

    Attributes:
        cases: What was reported, by ordinal.
        verdict: Set when the shard ends before its last test, or its session with an error: INFRA, CANCELLED, ERROR.
        reason: Why.
        death: How the last runner that died ended.
        runner: The runner that is in use; None: none, or it ends.
        cpu_s: CPU-seconds of its runners for this shard.
        max_rss_bytes: Their largest resident set.
        losses: Which tests showed the loss of their process's device.
    """

    def __init__(
        self, shard: ClaimedShard, work: PytestWork, context: SlotContext, obtain: Obtain, clock: Clock
    ) -> None:
        self.cases: dict[int, CaseResult] = {}
        self.verdict: Outcome | None = None
        self.reason = ""
        self.death: Death | None = None
        self.runner: RunnerHandle | None = None
        self.cpu_s = 0.0
        self.max_rss_bytes = 0
        self.losses = DeviceLosses(context.hardware)
        self._shard = shard
        self._isolation = work.isolation
        self._context = context
        self._obtain = obtain
        self._clock = clock
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._left = dict(shard.items)
        self._order: list[int] = []
        self._running: int | None = None
        self._started_at = 0.0
        self._kills: dict[int, int] = {}
        self._idle_deaths = 0
        self._quitting = False
        self._timer: asyncio.TimerHandle | None = None
        self._succession = Succession(shard, work.isolation, context)
        self._stopped = False
        self._stopped_by = ""
        self._lost = False
        self._put_off: CaseResult | None = None

    @property
    def outcome(self) -> Outcome:
        """The verdict on the shard."""
        return self.verdict or outcome_of_cases(case.outcome for case in self.cases.values())

    def interrupt(self, verdict: Outcome, reason: str) -> None:
        """Have it end now."""
        self._inbox.put_nowait({"event": "interrupt", "verdict": verdict, "reason": reason})

    async def run(self) -> None:
        """Run until every item has a case, or there is a verdict."""
        watch = self._watch = asyncio.create_task(self._watch_cancel())
        try:
            while self._left and self.verdict is None:
                if self._failures_left == 0:
                    self.verdict, self.reason = Outcome.CANCELLED, _stopping(self._failures)
                else:
                    await self._round()
        finally:
            watch.cancel()
            self._stop_timer()
            await self._succession.finish()

    @property
    def _failures(self) -> int:
        """How many failures the job has, as far as this slot knows."""
        if self._context.failures is not None:
            return self._context.failures()
        return self._shard.failures + sum(case.outcome in FAILURES for case in self.cases.values())

    @property
    def _failures_left(self) -> int | None:
        """How many more the job may have; None: any number."""
        limit = self._shard.max_failures
        return max(0, limit - self._failures) if limit else None

    async def _watch_cancel(self) -> None:
        await self._context.cancelled.wait()
        self.interrupt(Outcome.CANCELLED, self._context.cancel_reason or "cancelled")

    async def _round(self) -> None:
        """Have one runner run what is left, or as much of it as isolation allows."""
        obtaining = asyncio.ensure_future(self._obtain())
        await asyncio.wait([obtaining, self._watch], return_when=asyncio.FIRST_COMPLETED)
        if not obtaining.done():
            obtaining.cancel()
            await asyncio.gather(obtaining, return_exceptions=True)
            self.verdict, self.reason = Outcome.CANCELLED, self._context.cancel_reason or "cancelled"
            return
        try:
            runner = self.runner = obtaining.result()
        except SessionFailedError as error:
            self._fail(error)
            return
        runner.attach(self._inbox.put_nowait, self._context.log)
        self._context.pids.add(runner.pid)
        if self._context.started is not None:
            await self._context.started(runner.pid)
        items = list(self._left.items())
        if self._isolation is Isolation.TEST:
            items = items[:1]
        self._order = [ordinal for ordinal, _ in items]
        alone = self._isolation in (Isolation.TEST, Isolation.SHARD)
        self._stopped = self._lost = False
        self._start_timer(None, _BOOT_S)
        await runner.begin(
            self._shard,
            items,
            self._context.environment,
            last=alone,
            failures_left=self._failures_left,
            sticky=self.losses.texts,
        )
        if len(items) == 1:
            self._succession.foresee(runner)
        await self._follow(runner)
        ends = alone or self._stopped or self._stopped_by or self._lost or self._succession.is_last
        if self.runner is not None and ends:
            await self._let_end(runner)
        if self._stopped_by:
            self.give_up(f"the session was stopped: {self._stopped_by}")

    def _fail(self, error: SessionFailedError) -> None:
        """There is no session to run in: the suite's own fault is an error of each test that is left."""
        self.reason = error.reason
        if error.text:
            self._context.log(error.text.encode(errors="replace") + b"\n")
        if error.outcome in (Outcome.INFRA, Outcome.CANCELLED):
            self.verdict = error.outcome
            return
        for ordinal, item in list(self._left.items()):
            self._accept(broken(ordinal, item, error.reason))

    async def _follow(self, runner: RunnerHandle) -> None:
        """Take events until this runner is done, or gone."""
        while not await self._take(await self._inbox.get(), runner):
            pass

    async def _take(self, message: Message, runner: RunnerHandle) -> bool:
        """Take one event; True when it was the runner's last."""
        match message["event"]:
            case "start":
                self._on_start(message["ordinal"])
            case "case":
                self._on_case(message, runner)
            case "missing":
                ordinal = message["ordinal"]
                self._accept(broken(ordinal, self._left[ordinal], _GONE))
            case "holding" | "claiming" as event:
                self._succession.answer(event, runner)
            case "quit":
                self._on_quit(message)
            case "done":
                self._on_done(message, runner)
                return True
            case "death":
                self._on_death(runner)
                return True
            case "deadline" if message["ordinal"] == self._running:
                await self._on_deadline(runner)
                return True
            case "interrupt":
                self.verdict, self.reason = message["verdict"], message["reason"]
                await self._kill(runner)
                return True
        return False

    def _on_case(self, message: Message, runner: RunnerHandle) -> None:
        case = reported(message, self._kills.get(message["ordinal"], 0))
        shown = str(message.get("lost", ""))
        if case.outcome in FAILURES and self._runs_again(case.ordinal, case.nodeid, shown, runner):
            self._put_off = case
            return
        if case.outcome is not CaseOutcome.SKIPPED:
            runner.note_run(case.nodeid)
        self._accept(case, shown)

    def _runs_again(self, ordinal: int, nodeid: str, shown: str, runner: RunnerHandle) -> bool:
        """Whether a test that showed the loss of its process's device runs once more."""
        told = self.losses.put_off(ordinal, nodeid, shown, runner)
        if told:
            self._stop_timer()
            self._running = None
            logger.warning("%s", told)
            self._context.log(f"[dtf: {told}]\n".encode(errors="replace"))
        return bool(told)

    def _on_done(self, message: Message, runner: RunnerHandle) -> None:
        self._stop_timer()
        self._stopped, self._stopped_by = message["stopped"], message["stopped_by"]
        self._lost = message["lost"]
        self._account(message["cpu_s"] - runner.cpu_s, message["max_rss_bytes"])
        runner.cpu_s = message["cpu_s"]
        put_off, self._put_off = self._put_off, None
        if put_off is not None and self._stopped_by:  # it will not run again
            self._accept(put_off)
        for ordinal in self._order:
            if ordinal in self._left and not self._stopped and not self._stopped_by and not self._lost:
                self._accept(broken(ordinal, self._left[ordinal], "the runner did not report this test"))

    def _on_start(self, ordinal: int) -> None:
        self._running = ordinal
        self._started_at = self._clock.now()
        self._idle_deaths = 0
        self._start_timer(ordinal, self._shard.job.timeout_s)
        if ordinal in self._order[-2:] and self.runner is not None:
            self._succession.foresee(self.runner)

    def _on_quit(self, message: Message) -> None:
        """The test ended the session; the runner finishes it, and another one runs the rest."""
        ordinal = message["ordinal"]
        text = f"the session was ended by this test ({message['message']})"
        self._accept(self._broken(ordinal, text, details=message["details"]))
        self._quitting = True
        self._start_timer(None, _BOOT_S)

    def _on_death(self, runner: RunnerHandle) -> None:
        death = self.death = runner.ended.result()
        ordinal, fault, captured = self._running, runner.fault(), runner.captured()
        self._account(death.cpu_s - runner.cpu_s, death.max_rss_bytes)
        self._release(runner)
        if fault:
            self._context.log(fault.encode())
        if self._quitting:
            self._quitting = False
            return
        if ordinal is None:
            self._count_idle_death(death)
            return
        kills = self._kills[ordinal] = self._kills.get(ordinal, 0) + 1
        shown = self.losses.find(f"{fault}\n{captured}") if death.own_fault else ""
        if self._runs_again(ordinal, self._left[ordinal].nodeid, shown, runner):
            return
        text = charge(death, kills)
        if text is None:
            logger.warning("a runner was ended %s; %s runs again", death.how, self._left[ordinal].nodeid)
            self._context.log(f"[dtf: the interpreter was ended {death.how}; what is left runs again]\n".encode())
            self._running = None
            return
        self._accept(self._broken(ordinal, text, details=fault, output=captured), shown)

    def _count_idle_death(self, death: Death) -> None:
        """A runner died while no test ran: no test is to blame; go on with a new one, but not for ever."""
        self._idle_deaths += 1
        if self._idle_deaths > RETRIES_AFTER_KILL:
            self.verdict = Outcome.INFRA
            self.reason = f"the interpreter ended {death.how} {self._idle_deaths} times before a test began"

    async def _on_deadline(self, runner: RunnerHandle) -> None:
        ordinal = self._running
        if ordinal is None:
            await self._kill(runner)
            self._count_idle_death(Death(code=None, signal=9))
            return
        stacks, captured = await runner.stacks(), runner.captured()
        await self._kill(runner)
        limit = self._shard.job.timeout_s
        text = f"the test took longer than {limit:g} s"
        self._accept(self._broken(ordinal, text, CaseOutcome.TIMEOUT, details=stacks, output=captured))

    def _broken(
        self, ordinal: int, text: str, outcome: CaseOutcome = CaseOutcome.ERROR, details: str = "", output: str = ""
    ) -> CaseResult:
        return broken(
            ordinal,
            self._left[ordinal],
            text,
            outcome=outcome,
            details=details,
            output=output[-self._context.output_cap :],
            started_at=self._started_at,
            duration_s=max(0.0, self._clock.now() - self._started_at),
            crashes=self._kills.get(ordinal, 0),
        )

    def _accept(self, case: CaseResult, shown: str = "") -> None:
        self._stop_timer()
        self._running = None
        if self._left.pop(case.ordinal, None) is not None:
            case = self.losses.mark(case, shown)
            self.cases[case.ordinal] = case
            self._context.report(case)

    async def _let_end(self, runner: RunnerHandle) -> None:
        """Wait for a session that ends with this shard: its teardown, and what its hooks say, belong to it."""
        end = await runner.end(min(self._shard.job.timeout_s, _END_S))
        self.death = end.death
        self._release(runner)
        if end.complaint and self._lost:  # without its device nobody could end it in order
            self._context.log(f"[dtf: {end.complaint}, its device lost]\n".encode(errors="replace"))
        elif end.complaint and not self._stopped_by and self.verdict is None:
            self.give_up(end.complaint)

    def give_up(self, reason: str) -> None:
        """End with an error that no test has."""
        self.verdict, self.reason = Outcome.ERROR, reason
        self._context.log(f"[dtf: {reason}]\n".encode(errors="replace"))

    async def _kill(self, runner: RunnerHandle) -> None:
        death = self.death = await runner.kill()
        self._account(death.cpu_s - runner.cpu_s, death.max_rss_bytes)
        self._release(runner)

    def _release(self, runner: RunnerHandle) -> None:
        self._stop_timer()
        self.runner = None
        runner.detach()
        runner.close()
        while not self._inbox.empty():  # its last words are of no more use; an interrupt is
            message = self._inbox.get_nowait()
            if message["event"] == "interrupt":
                self.verdict, self.reason = message["verdict"], message["reason"]

    def _account(self, cpu_s: float, max_rss_bytes: int) -> None:
        self.cpu_s += max(0.0, cpu_s)
        self.max_rss_bytes = max(self.max_rss_bytes, max_rss_bytes)

    def _start_timer(self, ordinal: int | None, limit_s: float) -> None:
        self._stop_timer()
        message = {"event": "deadline", "ordinal": ordinal}
        self._timer = asyncio.get_running_loop().call_later(limit_s, self._inbox.put_nowait, message)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _stopping(failures: int) -> str:
    return f"stopping after {failures} failure{'s' if failures != 1 else ''}"
