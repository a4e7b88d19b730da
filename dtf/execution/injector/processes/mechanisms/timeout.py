"""Processes that hang."""

import asyncio
import signal
from typing import Final

from dtf.domain.failure import FailureType, Intensity
from dtf.execution.injector.injection import Seen
from dtf.execution.injector.mechanisms.ending import is_stopped
from dtf.execution.injector.own_process import OwnProcess
from dtf.execution.injector.processes.effect import JobEffect

#: For how long the processes are stopped, in seconds; None: until somebody ends them.
_FOR_S: Final = {Intensity.MILD: 2.0, Intensity.MODERATE: 10.0, Intensity.SEVERE: None}


class Stopped(JobEffect):
    """The first process that works for the job is stopped, with all below it: for a while, or for ever."""

    stays_stopped = True
    _stopped: tuple[OwnProcess, ...] = ()
    _going_on: asyncio.Task[None] | None = None

    @property
    def mechanism(self) -> str:
        """How it is done."""
        for_s = _FOR_S[self.spec.intensity]
        return f"the processes are stopped {'until they are ended' if for_s is None else f'for {for_s:g} s'}"

    async def strike(self, process: OwnProcess) -> None:
        """Stop it, unless one was: then it goes on, should it have been stopped to be hit."""
        if self._stopped:
            if process not in self._stopped:
                process.send(signal.SIGCONT)
            return
        self._stopped = tuple(
            one for one in await asyncio.to_thread(self.subject.tree) if one.send(signal.SIGSTOP)
        ) or (process,)
        if (for_s := _FOR_S[self.spec.intensity]) is not None:
            self._going_on = asyncio.create_task(self._go_on_after(for_s))

    async def look(self) -> Seen | None:
        """See what state ``/proc`` tells."""
        stopped = [one.pid for one in self._stopped if await is_stopped(one)]
        if not stopped:
            return None
        words = f"/proc tells that {', '.join(map(str, stopped))} of the job are stopped"
        return Seen(kind=FailureType.TIMEOUT, words=words)

    async def clear(self) -> str:
        """Let what is left of them go on."""
        if self._going_on is not None:
            self._going_on.cancel()
        alive = self._go_on()
        if any(one.stopped for one in self._stopped):
            return ""
        return f"{alive} processes were let go on" if alive else "they went on, or were ended"

    async def _go_on_after(self, for_s: float) -> None:
        await asyncio.sleep(for_s)
        self._go_on()

    def _go_on(self) -> int:
        return sum(one.stopped and one.send(signal.SIGCONT) for one in self._stopped)
