"""What a kind of job needs to be executed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from dtf.domain.case import CaseResult
from dtf.domain.recovery import RecoveryAction
from dtf.domain.shard import AttemptResult, ClaimedShard
from dtf.domain.specs import JobSpec
from dtf.domain.work import JobKind
from dtf.domain.worker import Device


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How a process ended.

    Attributes:
        code: Its exit status; None when a signal ended it.
        signal: The signal; None otherwise.
        cpu_s: User and system time in seconds.
        max_rss_bytes: Its largest resident set.
    """

    code: int | None
    signal: int | None
    cpu_s: float
    max_rss_bytes: int

    @property
    def status(self) -> int:
        """The exit status, or the signal as a negative number, as ``subprocess`` has it."""
        return self.code if self.code is not None else -(self.signal or 0)


class Process(Protocol):
    """A process tree that the guardian started and will not leave behind."""

    pid: int

    async def wait(self) -> Exit:
        """Wait until its first process has ended."""
        ...

    async def kill(self, grace_s: float = 2.0) -> Exit:
        """TERM the whole tree, wait, KILL what is left, daemonised descendants included."""
        ...


class Spawner(Protocol):
    """Starts processes under the guardian's care."""

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
        """Start ``argv`` in a session of its own, with a death signal and the owner's token set.

        Args:
            argv: The program and its arguments.
            cwd: Its working directory.
            environment: Its whole environment; the token is added.
            stdout: A file descriptor.
            stderr: A file descriptor.
            pass_fds: Descriptors that it inherits under the same numbers.
            slot: The slot that it belongs to; None: it serves the whole worker.

        Raises:
            OSError: It could not be started.
        """
        ...


@dataclass(slots=True, kw_only=True)
class SlotContext:
    """What a slot gives to an executor for one shard.

    Attributes:
        worker_id: The worker.
        slot: The slot's number, from 0.
        slots: How many slots the worker has.
        workdir: The working directory: the materialised source and its subdirectory.
        source_root: The materialised source; not to be written to by dtf.
        scratch: A directory of this attempt alone, removed afterwards.
        artifacts: Files put below it are kept as artifacts.
        environment: The environment for all that is started: the worker's, the job's own, and what names the shard.
        spawner: Starts processes.
        log: Adds bytes to the attempt's log.
        report: Counts a finished case in the live progress.
        follow_on: Claims the next shard of the same job and affinity for this slot, at most once a context.
        cancelled: Set when the attempt is to end now: cancelled, lost, or the worker stops.
        cancel_reason: Why.
        output_cap: The most bytes of captured output that a case keeps.
        next_shard: What ``follow_on`` claimed; the guardian runs it next on the same slot.
        job_ends: Whether no shard of the job waits any more, so that the slot may end its session with this one;
            None: nobody knows.
        failures: How many failures the job has, as far as this worker knows, with those reported here; None: nobody
            counts them.
        hardware: The hardware tag of the shard.
        devices: What the shard has to itself while it runs, those that satisfy its requirements first; of browsers
            all that satisfy them, the first to be used. The environment names them already.
        inject: The failure that an executor that injects by itself is to inject, let through already: ``gpu_error
            severe``; empty: none.
        started: Called with each process that begins to work for the shard, before it is given any of it where that
            can be; None: nobody wants to know.
        pids: Processes that work for the shard without having been started for its slot (a runner forked from a
            process that serves all slots); the executor adds them. Whatever lies below them belongs to the shard.
    """

    worker_id: str
    slot: int
    slots: int
    workdir: Path
    source_root: Path
    scratch: Path
    artifacts: Path
    environment: Mapping[str, str]
    spawner: Spawner
    log: Callable[[bytes], None]
    report: Callable[[CaseResult], None]
    follow_on: Callable[[], Awaitable[ClaimedShard | None]]
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    cancel_reason: str = ""
    output_cap: int = 65536
    next_shard: ClaimedShard | None = None
    job_ends: Callable[[], Awaitable[bool]] | None = None
    failures: Callable[[], int] | None = None
    hardware: str = "cpu"
    devices: tuple[Device, ...] = ()
    inject: str = ""
    started: Callable[[int], Awaitable[None]] | None = None
    pids: set[int] = field(default_factory=set)


@runtime_checkable
class Vacates(Protocol):
    """An executor that keeps something warm on a slot between its shards."""

    async def vacate(self, slot: int) -> None:
        """End what is kept for the slot, with all its processes: another executor's shard gets the device.

        Nothing of this executor runs on the slot while it is called.
        """
        ...


@runtime_checkable
class Renews(Protocol):
    """An executor that keeps something on a slot of which parts can be replaced."""

    def renewable(self, slot: int) -> Sequence[RecoveryAction]:
        """By what it can be replaced now, from the least on; nothing where it is gone."""
        ...

    async def renew(self, slot: int, action: RecoveryAction, hardware: str) -> str:
        """Replace a part, and see in what is kept then whether it works.

        Nothing of this executor runs on the slot while it is called.

        Args:
            slot: The slot.
            action: One of ``renewable``.
            hardware: The tag of what it is to do.

        Returns:
            What is wrong; empty: nothing.
        """
        ...


class Executor(Protocol):
    """Executes one kind of job in the guardian. One instance serves all its slots.

    ``run`` never raises for what the code under test did. What it raises is taken as an infrastructure failure.
    """

    kind: JobKind

    async def run(self, shard: ClaimedShard, context: SlotContext) -> AttemptResult:
        """Run a shard to its end, or until ``context.cancelled`` is set, and return what it came to."""
        ...

    async def prepare(self, job_id: str, job: JobSpec, context: SlotContext) -> None:
        """Warm up what the job will need; failures are left for ``run`` to find."""
        ...

    async def end_slot(self, slot: int) -> None:
        """Kill whatever still runs for the slot: its Celery child is gone."""
        ...

    async def close(self) -> None:
        """End every process; the worker stops."""
        ...
