"""Processes that are killed."""

import asyncio
import signal
from typing import Final

from dtf.domain.failure import FailureType, Intensity
from dtf.execution.injector.injection import Seen
from dtf.execution.injector.mechanisms.ending import are_gone
from dtf.execution.injector.own_process import OwnProcess
from dtf.execution.injector.processes.effect import JobEffect

#: How many of the processes that begin to work for the job are killed; None: each.
_MOST: Final = {Intensity.MILD: 1, Intensity.MODERATE: 2, Intensity.SEVERE: None}


class Killed(JobEffect):
    """The process that works for the job is killed, with all below it, as it begins: the first, two, or each.

    A suite goes on with another runner; a program has one process in an attempt, so that each intensity ends it.
    """

    _killed: tuple[OwnProcess, ...] = ()

    @property
    def mechanism(self) -> str:
        """How it is done."""
        most = _MOST[self.spec.intensity]
        which = "each process" if most is None else f"the first {most} processes" if most > 1 else "the first process"
        return f"SIGKILL to {which} of the job"

    async def strike(self, process: OwnProcess) -> None:
        """Kill it, unless enough were."""
        most = _MOST[self.spec.intensity]
        if most is not None and len(self._killed) >= most:
            return
        for one in reversed(await asyncio.to_thread(self.subject.tree)):
            one.send(signal.SIGKILL)
        self._killed = (*self._killed, process)

    async def look(self) -> Seen | None:
        """See that it is gone."""
        if not self._killed or not await are_gone(self._killed):
            return None
        pids = ", ".join(str(process.pid) for process in self._killed)
        return Seen(kind=FailureType.CRASH, words=f"/proc has no process {pids} of the job any more")

    async def clear(self) -> str:
        """Nothing is left of it."""
        return "nothing is left of it" if await are_gone(self._killed) else ""
