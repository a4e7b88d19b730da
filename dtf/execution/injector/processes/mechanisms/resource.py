"""Processes that get no more memory."""

import asyncio
import resource
from pathlib import Path
from typing import Final

from dtf.domain.failure import FailureType, Intensity
from dtf.execution.injector.injection import InjectorError, Seen
from dtf.execution.injector.own_process import OwnProcess
from dtf.execution.injector.processes.effect import JobEffect

_MIB: Final = 2**20
#: How much more address space a process gets than it has when it is hit, in bytes.
_MORE: Final = {Intensity.MILD: 256 * _MIB, Intensity.MODERATE: 32 * _MIB, Intensity.SEVERE: 0}
_LIMIT: Final = "Max address space"


class MemoryLimited(JobEffect):
    """The processes that work for the job, and what they start, get little more memory than they have, or none."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]  # the family's own arguments
        self._before: dict[OwnProcess, int] = {}
        self._set: dict[OwnProcess, int] = {}

    @property
    def mechanism(self) -> str:
        """How it is done."""
        more = _MORE[self.spec.intensity] // _MIB
        return f"RLIMIT_AS: the processes get {f'{more} MiB' if more else 'nothing'} more than they have"

    async def strike(self, process: OwnProcess) -> None:
        """Lower its limit, and that of what it has started."""
        for one in {process, *await asyncio.to_thread(self.subject.tree)}:
            self._lower(one)

    async def look(self) -> Seen | None:
        """See what limit the kernel holds it to."""
        for process, size in self._set.items():
            if _held_to(process.pid) == size:
                words = f"/proc: process {process.pid} of the job gets no more than {size // _MIB} MiB"
                return Seen(kind=FailureType.RESOURCE_EXHAUSTION, words=words)
        return None

    async def clear(self) -> str:
        """Give back the limits that they had; what they started meanwhile gets the same."""
        if not self._before:
            return "nothing was limited"
        usual = next(iter(self._before.values()))
        raised = sum(_limit(one, self._before.get(one, usual)) for one in await asyncio.to_thread(self.subject.tree))
        return f"{raised} processes got their limit back" if raised else "it ended with the job's processes"

    def _lower(self, process: OwnProcess) -> None:
        size = _size(process.pid) + _MORE[self.spec.intensity]
        try:
            before, _ = resource.prlimit(process.pid, resource.RLIMIT_AS)
        except ProcessLookupError as error:
            raise InjectorError(f"process {process.pid} has ended") from error
        if _limit(process, size):
            self._before[process], self._set[process] = before, size


def _limit(process: OwnProcess, size: int) -> bool:
    """Set the soft limit; whether the process was still there."""
    if not process.alive:
        return False
    try:
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_AS)
        resource.prlimit(process.pid, resource.RLIMIT_AS, (size, hard))
    except ProcessLookupError:
        return False
    return True


def _size(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    except OSError as error:
        raise InjectorError(f"process {pid} has ended") from error
    return pages * resource.getpagesize()


def _held_to(pid: int) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    except OSError:  # it has ended
        return None
    soft = next(line for line in lines if line.startswith(_LIMIT)).removeprefix(_LIMIT).split()[0]
    return int(soft) if soft.isdecimal() else None
