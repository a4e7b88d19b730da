"""The browser of one slot."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace

from dtf.domain.clock import Clock
from dtf.domain.outcome import Outcome
from dtf.domain.ports.executor import Spawner
from dtf.domain.recovery import RecoveryAction
from dtf.execution.executors.browser_pool.figures import Figures
from dtf.execution.executors.browser_pool.limits import Cause, Condition, PoolLimits, why_replace
from dtf.execution.executors.browser_pool.memory import tree_memory
from dtf.execution.executors.browser_pool.opened import BrowserUnavailableError, Opened, difference
from dtf.execution.executors.browser_pool.profile_directory import ProfileDirectory
from dtf.execution.executors.browser_pool.wish import Wish
from dtf.execution.host.log_pump import Sink
from dtf.execution.host.lost import HostDiedError, HostLostError, HostSilentError, OrderCancelledError
from dtf.execution.host.messages import Order, Report
from dtf.execution.host.process import HostProcess

_log = logging.getLogger(__name__)

#: How long a browser may take to come up, or to show that it is well, in seconds.
_OPEN_S = 60.0
#: How long one that is not well waits for that a part of it is replaced, in seconds.
_SICK_S = 15.0
_HOST = (sys.executable, "-P", "-m", "dtf.execution.browser_host")


class SlotBrowser:
    """The browser of one slot, with the host process that drives it.

    It is started with its first job, checked before each, and replaced by a new one when a limit says so or when it
    is not well. Whatever it does is bounded; what takes too long is killed.

    Attributes:
        jobs: How many jobs the present one has done.
        memory_bytes: What it took when that was looked at last.
    """

    def __init__(self, slot: int, limits: PoolLimits, figures: Figures, clock: Clock) -> None:
        self.jobs = 0
        self.memory_bytes = 0
        self._slot = slot
        self._limits = limits
        self._figures = figures
        self._clock = clock
        self._host: HostProcess | None = None
        self._wish: Wish | None = None
        self._sick = self._ended = False
        self._directory: ProfileDirectory | None = None
        self._since = 0.0
        self._looked = 0.0
        self._idle: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[int] | None = None

    @property
    def pid(self) -> int | None:
        """Its host process; None where there is none."""
        return self._host.pid if self._host else None

    @property
    def alive(self) -> bool:
        """Whether there is a host process."""
        return self._host is not None and self._host.alive

    async def open(
        self, wish: Wish, spawner: Spawner, *, cancelled: asyncio.Event | None = None, keep: bool = False
    ) -> Opened:
        """Have a browser ready: the one that is there if it fits and is well, else a new one.

        Args:
            wish: Which.
            spawner: Starts processes.
            cancelled: Ends it all.
            keep: Whether the one that is there may be replaced only if it ended: somebody is connected to it.

        Raises:
            BrowserUnavailableError: A new one did not come up.
            OrderCancelledError: ``cancelled`` was set.
        """
        self._busy()
        instead_of = None
        if self._host is not None and (cause := await self._why_replace(wish, keep=keep)):
            instead_of = cause
            await self.end(cause)
        if self._host is not None:
            try:
                return await self._look(self._host, wish, cancelled, brief=keep)
            except BrowserUnavailableError as error:
                _log.warning("slot %d: the browser is replaced: %s", self._slot, error)
                instead_of = Cause.HEALTH
                await self.end(Cause.HEALTH)
        host = await self._start(wish, spawner)
        try:
            opened = await self._look(host, wish, cancelled, brief=False)
        except BrowserUnavailableError:
            await self.end(Cause.HEALTH)
            raise
        return replace(opened, instead_of=instead_of)

    async def ask(self, order: Order, sink: Sink, cancelled: asyncio.Event) -> Report:
        """Have an order carried out in the browser that is open; a browser that is not well after it is ended.

        Raises:
            HostLostError: There was no answer; the browser is ended.
        """
        host = self._host
        if host is None:
            raise BrowserUnavailableError("no browser is open")
        self._busy()
        host.print_to(sink)
        try:
            report = await host.ask(order, cancelled=cancelled)
        except HostLostError:
            await self.end(Cause.STOPPED if cancelled.is_set() else Cause.HEALTH)
            raise
        finally:
            host.print_to(None)
        self.jobs += 1
        if report.healthy:
            return report
        if report.outcome is Outcome.INFRA and not report.data.get("lost"):
            # a part of it may be replaced; else it is ended before the next job
            self._sick, self._ended = True, bool(report.data.get("ended"))
        else:
            await self.end(Cause.HEALTH)
        return report

    @property
    def renewable(self) -> Sequence[RecoveryAction]:
        """By what parts of it can be replaced; none where it is gone, or may be in others' hands."""
        if not self.alive or self._wish is None or self._wish.debug_port:
            return ()
        parts = (RecoveryAction.NEW_CONTEXT, RecoveryAction.RESTART_BROWSER)
        return parts[1:] if self._ended else parts

    async def renew(self, action: RecoveryAction, hardware: str) -> str:
        """Replace a part of it, and have a page of it compute; what is wrong, empty: nothing.

        One that hangs in that, or when the caller gives up, is ended.
        """
        if self._host is None:
            return "it is gone"
        self._busy()
        part = "browser" if action is RecoveryAction.RESTART_BROWSER else "context"
        order = Order(number=0, do="renew", arguments={"part": part, "hardware": hardware}, time_limit_s=_OPEN_S)
        try:
            report = await self._host.ask(order)
        except HostLostError as error:
            await self.end(Cause.HEALTH)
            return str(error)
        except asyncio.CancelledError:
            await self.end(Cause.HEALTH)
            raise
        if report.data.get("lost"):
            await self.end(Cause.HEALTH)
            return report.reason
        self._sick = report.outcome is not Outcome.PASSED
        self._ended = self._ended and self._sick
        self.leave()
        return report.reason

    async def tell(self, order: Order) -> Report:
        """Have a question about the browser answered; that is no job.

        Raises:
            HostLostError: There was no answer; the browser is ended.
            BrowserUnavailableError: No browser is open.
        """
        if self._host is None:
            raise BrowserUnavailableError("no browser is open")
        try:
            return await self._host.ask(order)
        except HostLostError:
            await self.end(Cause.HEALTH)
            raise

    def leave(self) -> None:
        """Nobody uses it from now on: time to look at its memory; it is ended when that lasts too long."""
        self._busy()
        if self._host is None:
            return
        if self._clock.monotonic() - self._looked >= self._limits.look_s:
            self._looking = asyncio.create_task(self.look_at_memory())
        # what is sick is kept for a moment: whoever decides about it does so at once
        idle_s = min(_SICK_S, self._limits.idle_s) if self._sick else self._limits.idle_s
        self._idle = asyncio.get_running_loop().call_later(idle_s, self._end_idle)

    async def end(self, cause: Cause) -> None:
        """End it with all its processes."""
        self._busy()
        # both at once: a new one may be started while this one is killed
        host, directory, self._host, self._directory = self._host, self._directory, None, None
        if host is None:
            return
        self._sick = self._ended = False
        self._figures.ended[cause] += 1
        _log.info("slot %d: a browser is ended after %d jobs: %s", self._slot, self.jobs, cause)
        await host.kill()
        if directory is not None:
            await asyncio.to_thread(directory.remove)

    async def _start(self, wish: Wish, spawner: Spawner) -> HostProcess:
        directory = self._directory = await asyncio.to_thread(ProfileDirectory)
        environment = {**wish.environment, "TMPDIR": str(directory.path)}
        self._wish, self._since, self.jobs, self.memory_bytes = wish, self._clock.monotonic(), 0, 0
        self._looked = self._since
        self._figures.launches += 1
        try:
            self._host = await HostProcess.start(
                _HOST, cwd=directory.path, environment=environment, spawner=spawner, slot=self._slot
            )
        except OSError as error:
            await asyncio.to_thread(directory.remove)
            raise BrowserUnavailableError(f"its host process cannot be started: {error}") from error
        return self._host

    async def _look(self, host: HostProcess, wish: Wish, cancelled: asyncio.Event | None, *, brief: bool) -> Opened:
        arguments = {**asdict(wish.choice), "debug_port": wish.debug_port, "brief": brief}
        order = Order(number=0, do="open", arguments=arguments, time_limit_s=_OPEN_S)
        try:
            report = await host.ask(order, cancelled=cancelled)
        except HostDiedError as error:
            raise BrowserUnavailableError(f"{error}: {error.printed}" if error.printed else str(error)) from error
        except HostSilentError as error:
            raise BrowserUnavailableError(str(error)) from error
        except OrderCancelledError:
            await self.end(Cause.STOPPED)
            raise
        if report.outcome is not Outcome.PASSED:
            raise BrowserUnavailableError(report.reason)
        return Opened(**report.data)  # type: ignore[arg-type]  # the host's own words

    async def _why_replace(self, wish: Wish, *, keep: bool) -> Cause | None:
        if not self.alive or self._sick:
            return Cause.HEALTH
        if self._wish is not None and (cause := difference(self._wish, wish)):
            return cause
        if keep:
            return None
        if self._looking is not None:
            await self._looking
        age_s = self._clock.monotonic() - self._since
        return why_replace(Condition(age_s=age_s, jobs=self.jobs, memory_bytes=self.memory_bytes), self._limits)

    async def look_at_memory(self) -> int:
        """Look how much memory it takes, with its host process."""
        self._looked = self._clock.monotonic()
        self.memory_bytes = await asyncio.to_thread(tree_memory, self._host.pid) if self._host else 0
        return self.memory_bytes

    def _busy(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _end_idle(self) -> None:
        self._ending = asyncio.create_task(self.end(Cause.HEALTH if self._sick else Cause.IDLE))
