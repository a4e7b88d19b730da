"""A program that the supervisor keeps running."""

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from dtf.domain.errors import ClusterError
from dtf.domain.ports.executor import Exit
from dtf.embedded.log_files import LogFiles
from dtf.embedded.processes import send
from dtf.embedded.restart import RestartPolicy
from dtf.processes.libc import death_signal_armer
from dtf.processes.reaper import Reaper

_LOG = logging.getLogger(__name__)


class ChildState(StrEnum):
    """Where a kept program stands."""

    RUNNING = "running"
    #: Dead, and to be started again.
    WAITING = "waiting"
    #: Asked to finish what it has; not started again.
    DRAINING = "draining"
    #: Dead and not started again.
    ENDED = "ended"
    #: It died too often in a row.
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """How to start a program.

    Attributes:
        name: Names it and its log file.
        argv: The program and its arguments.
        environment: All of its variables.
        directory: Its working directory.
        stdin: What it reads on its standard input: the place for secrets.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    stdin: bytes = b""


@dataclass(slots=True, kw_only=True)
class Child:
    """One program: started, watched, started again, given up.

    It is a session of its own, dies with the supervisor, and writes to its log file.

    Attributes:
        spec: How to start it.
        reaper: Waits for it.
        logs: Where it writes.
        policy: When it is started again.
        state: Where it stands.
        pid: Its process; 0 before the first start.
        restarts: How often it was started again.
        exit_code: Of its last death; negative for a signal.
    """

    spec: ChildSpec
    reaper: Reaper
    logs: LogFiles
    policy: RestartPolicy = field(default_factory=RestartPolicy)
    state: ChildState = ChildState.WAITING
    pid: int = 0
    restarts: int = 0
    exit_code: int | None = None
    _exited: asyncio.Future[Exit] | None = None
    _started_at: float = 0.0

    def start(self) -> None:
        """Start the program.

        Raises:
            ClusterError: It cannot be started.
        """
        try:
            log = self.logs.open(self.spec.name)
            try:
                self.pid = self._spawn(log)
            finally:
                os.close(log)
        except OSError as error:
            raise ClusterError(f"{self.spec.name} cannot be started: {error}") from error
        self._exited = self.reaper.expect(self.pid)
        self._started_at = asyncio.get_running_loop().time()
        self.state = ChildState.RUNNING
        _LOG.info("child-started name=%s pid=%d", self.spec.name, self.pid)

    async def wait(self) -> int:
        """Wait for the end of the process that was started last.

        Returns:
            Its exit code, negative for a signal.
        """
        if self._exited is None:
            raise ClusterError(f"{self.spec.name} was never started")
        self.exit_code = (await asyncio.shield(self._exited)).status
        _LOG.info("child-ended name=%s pid=%d exit_code=%d", self.spec.name, self.pid, self.exit_code)
        return self.exit_code

    async def keep(self, given_up: Callable[["Child"], None]) -> None:
        """Keep the started program running until it is drained or given up.

        Args:
            given_up: Called when it died too often in a row.
        """
        while True:
            await self.wait()
            if self.state in (ChildState.DRAINING, ChildState.ENDED):
                self.state = ChildState.ENDED
                return
            delay = self._delay()
            if delay is None:
                self.state = ChildState.GIVEN_UP
                given_up(self)
                return
            self.state = ChildState.WAITING
            await asyncio.sleep(delay)
            self._restart()

    def drain(self) -> None:
        """Ask the program to finish what it has and to end."""
        if self.state is ChildState.RUNNING:
            self.state = ChildState.DRAINING
            send(self.pid, signal.SIGTERM)
        elif self.state is ChildState.WAITING:
            self.state = ChildState.ENDED

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to the program if it runs."""
        if self._exited is not None and not self._exited.done():
            send(self.pid, number)

    def epitaph(self) -> str:
        """How it died and what it said last, for people."""
        code = self.exit_code or 0
        how = f"signal {-code}" if code < 0 else f"status {code}"
        tail = self.logs.tail(self.spec.name)
        said = f"; its last words in {self.logs.path(self.spec.name)}:\n{tail}" if tail else ""
        return f"{self.spec.name} ended with {how}{said}"

    def _delay(self) -> float | None:
        return self.policy.after_death(asyncio.get_running_loop().time() - self._started_at)

    def _restart(self) -> None:
        if self.state is not ChildState.WAITING:
            return
        self.restarts += 1
        try:
            self.start()
        except ClusterError as error:  # no memory, no descriptors: it counts as a quick death
            _LOG.warning("child-restart-failed name=%s error=%s", self.spec.name, error)
            self._started_at = asyncio.get_running_loop().time()

    def _spawn(self, log: int) -> int:
        process = subprocess.Popen(
            list(self.spec.argv),
            stdin=subprocess.PIPE if self.spec.stdin else subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.spec.directory,
            env=dict(self.spec.environment),
            start_new_session=True,
            preexec_fn=death_signal_armer(),  # noqa: PLW1509  # the supervisor has one thread
        )
        process.returncode = 0  # the reaper waits for it, not Popen
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError), process.stdin as stdin:  # its exit code will tell
                stdin.write(self.spec.stdin)
        return process.pid
