"""What a failure is injected into: a job's processes, and what they find around them."""

import asyncio
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dtf.domain.ports.executor import Spawner
from dtf.domain.work import PytestWork, Work
from dtf.domain.worker import Device
from dtf.execution.injector.injection import InjectorError
from dtf.execution.injector.own_process import OwnProcess, below

PYTEST, COMMAND = "pytest", "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a program beside the job ended.

    Attributes:
        status: Its exit status, or its signal as a negative number.
        last: The last line that it printed.
    """

    status: int
    last: str


@dataclass(slots=True, kw_only=True)
class JobSubject:
    """A job's processes, and what they find around them.

    Attributes:
        work: What the job does.
        hardware: The hardware tag of its shard.
        devices: What the shard has to itself.
        python: The interpreter of a suite; for a program dtf's own.
        scratch: A directory of this attempt alone.
        environment: What its processes get, without what is injected.
        spawner: Starts processes beside the job's.
        slot: The slot.
        pids: The processes of its slot; nothing else is ever touched.
        begun: Those that began to work for it since the failure was let through.
    """

    work: Work
    hardware: str
    devices: tuple[Device, ...]
    python: str
    scratch: Path
    environment: Mapping[str, str]
    spawner: Spawner
    slot: int
    pids: Callable[[], Collection[int]]
    begun: list[OwnProcess] = field(default_factory=list)

    @property
    def name(self) -> str:
        """``pytest`` or ``command``."""
        return PYTEST if isinstance(self.work, PytestWork) else COMMAND

    async def run(self, argv: tuple[str, ...], environment: Mapping[str, str], *, within_s: float) -> Ran:
        """Run a program beside the job to its end, or until it takes too long.

        Raises:
            OSError: It could not be started.
        """
        with tempfile.TemporaryFile(dir=self.scratch) as printed:
            process = await self.spawner.spawn(
                argv,
                cwd=self.scratch,
                environment=environment,
                stdout=printed.fileno(),
                stderr=printed.fileno(),
                slot=self.slot,
            )
            try:
                async with asyncio.timeout(within_s):
                    end = await process.wait()
            except TimeoutError:
                end = await process.kill(0.0)
            printed.seek(0)
            lines = printed.read().decode(errors="replace").strip().splitlines()
        return Ran(status=end.status, last=lines[-1][:300] if lines else "")

    def begin(self, pid: int) -> OwnProcess:
        """Take note of a process that begins to work for the job.

        Raises:
            InjectorError: It is not one of its slot, or has ended: it is left alone.
        """
        if pid not in self.pids():
            raise InjectorError(f"process {pid} is not one of the job's slot, or has ended; it is left alone")
        process = OwnProcess.claim(pid)
        self.begun.append(process)
        return process

    def tree(self) -> tuple[OwnProcess, ...]:
        """What began to work for the job and all below it, as far as it lives."""
        allowed = set(self.pids())
        alive = [process for process in self.begun if process.alive]
        return tuple(process for process in (*alive, *below(*alive)) if process.pid in allowed)
