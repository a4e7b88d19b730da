"""A failure in the processes of one attempt: put in, confirmed, taken back."""

import asyncio
import logging
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dtf.domain.injection import INJECTED_VARIABLE, InjectionSpec
from dtf.domain.ports.executor import Process, SlotContext, Spawner
from dtf.domain.proof import INJECTED, INJECTED_CLEARED, INJECTED_SEEN
from dtf.execution.injector.injection import Injection, InjectorError
from dtf.execution.injector.own_process import OwnProcess
from dtf.execution.injector.processes.effect import JobEffect
from dtf.execution.injector.processes.mechanisms import effect_of
from dtf.execution.injector.processes.subject import JobSubject
from dtf.resilience.injection_availability import unavailable

_log = logging.getLogger(__name__)

#: How long doing it to a process and looking at it may each take, in seconds.
_EACH_S = 30.0
_LEFT = "no: the job's processes are ended"


class JobInjection:
    """A failure in the processes of one attempt: put in when they begin, confirmed once, taken back at the end.

    Args:
        spec: The failure.
        subject: The processes.

    Attributes:
        injection: What was done.
    """

    def __init__(self, spec: InjectionSpec, subject: JobSubject) -> None:
        self._spec = spec
        self._subject = subject
        self._effect = effect_of(subject, spec)
        self.injection = Injection(
            failure=spec.failure, intensity=spec.intensity, target=subject.name, effect=self._effect
        )

    @property
    def proof(self) -> dict[str, str]:
        """What the attempt says about it."""
        seen = self.injection.seen
        words = {INJECTED: str(self._spec), INJECTED_CLEARED: self.injection.cleared or _LEFT}
        return {**words, INJECTED_SEEN: f"{seen.kind}: {seen.words}"} if seen else words

    async def unavailable(self) -> str:
        """Why it cannot be injected here; empty: it can."""
        spec = self._spec
        reason = unavailable(self._subject.name, spec.failure, spec.intensity)
        return reason or await self._effect.unavailable()

    async def enter(self, context: SlotContext) -> None:
        """Have what is started with a context from now on meet the failure."""
        variables = await asyncio.to_thread(self._effect.environment)
        context.environment = {**context.environment, **variables, INJECTED_VARIABLE: str(self._spec)}
        context.spawner = _InjectingSpawner(context.spawner, self._effect)
        context.started = self.begin

    async def begin(self, pid: int) -> None:
        """Let a process that begins to work for the job meet the failure; what goes wrong is told in the log."""
        began = asyncio.get_running_loop().time()
        try:
            with _held(pid, self._effect):
                process = await asyncio.to_thread(self._subject.begin, pid)
                await self._strike(process)
            self.injection.seconds = self.injection.seconds or asyncio.get_running_loop().time() - began
        except (InjectorError, OSError, TimeoutError) as error:
            _log.warning("%s was not injected into process %d: %s", self._spec, pid, error or "it took too long")
            return
        if self.injection.seen is None:
            _log.warning("%s was put into process %d and not seen", self._spec, pid)

    async def _strike(self, process: OwnProcess) -> None:
        await asyncio.wait_for(self._effect.strike(process), _EACH_S)
        if self.injection.seen is None:
            self.injection.seen = await asyncio.wait_for(self._effect.look(), _EACH_S)

    async def leave(self) -> bool:
        """Take it back; whether nothing of it is left."""
        return await self.injection.clear()


@contextmanager
def _held(pid: int, effect: JobEffect) -> Iterator[None]:
    """Have a process that was just started here wait while it is hit and looked at: it must not get past that."""
    child = OwnProcess.child(pid)
    if child is not None and effect.waits:
        child.send(signal.SIGSTOP)
    stays = False
    try:
        yield
        stays = effect.stays_stopped
    finally:
        if child is not None and not stays:
            child.send(signal.SIGCONT)


class _InjectingSpawner(Spawner):
    """Starts what an effect makes of a program."""

    def __init__(self, spawner: Spawner, effect: JobEffect) -> None:
        self._spawner = spawner
        self._effect = effect

    async def spawn(
        self,
        argv: tuple[str, ...],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        stdout: int,
        stderr: int,
        pass_fds: tuple[int, ...] = (),
        slot: int | None = None,
    ) -> Process:
        """Start it; the arguments and errors are those of ``Spawner``."""
        return await self._spawner.spawn(
            self._effect.argv(argv),
            cwd=cwd,
            environment=environment,
            stdout=stdout,
            stderr=stderr,
            pass_fds=pass_fds,
            slot=slot,
        )
