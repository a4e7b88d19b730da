"""Starts a worker's guardian, watches it and starts it again."""

import json
import logging
import os
import selectors
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dtf.domain.codec import to_json
from dtf.domain.worker import WorkerInfo
from dtf.processes.starting import no_fork_meanwhile

_log = logging.getLogger(__name__)

_READY = b"ready\n"
_BACKOFF_S, _LONGEST_BACKOFF_S = 0.2, 5.0
#: A guardian that lived so long did not fail at its start, in seconds.
_SOUND_S = 10.0
#: How a command of dtf's ends when its input or its settings cannot be used: trying again is no help.
_BAD_INPUT_STATUS = 2


class GuardianProcess:
    """The guardian beside a worker.

    A thread starts it, reads what it says, and starts it again when it ends. The guardian watches the worker's
    process by itself, so nothing needs to be done where the worker dies.

    Attributes:
        failure: Why it will never be ready; empty: it may still be.
    """

    def __init__(
        self,
        command: tuple[str, ...],
        environment: Mapping[str, str] | None,
        *,
        worker: WorkerInfo,
        socket: Path,
        ready_s: float,
        hear: Callable[[bytes], None],
        ended: Callable[[], None],
    ) -> None:
        """Build it; ``start`` starts the guardian.

        Args:
            command: What starts a guardian.
            environment: Its whole environment; None: this process's.
            worker: What it is told on its standard input.
            socket: Where it is to listen.
            ready_s: How long one may take to be ready, in seconds.
            hear: Gets each line that it says after it is ready; called in a thread.
            ended: Called in that thread when a guardian has ended.
        """
        self._argv = (*command, "--socket", str(socket), "--worker-pid", str(worker.pid))
        self._environment = environment
        self._greeting = json.dumps(to_json(worker)).encode() + b"\n"
        self._ready_s = ready_s
        self._hear_line = hear
        self._ended = ended
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_alive, name="dtf-guardian", daemon=True)
        self.failure = ""

    @property
    def pid(self) -> int | None:
        """The present guardian's process id."""
        process = self._process
        return process.pid if process else None

    def start(self) -> None:
        """Start it; return at once."""
        self._thread.start()

    def wait_ready(self, within_s: float) -> bool:
        """Wait until it is ready for the first time, for so long at most; tell whether it is."""
        return self._ready.wait(within_s)

    def ask_to_stop(self) -> None:
        """Send TERM and return; it is not started again."""
        with self._lock:
            self._stopping.set()
            if self._process is not None:
                self._process.terminate()

    def stop(self, within_s: float) -> None:
        """End it: TERM, and KILL after ``within_s`` seconds."""
        self.ask_to_stop()
        process = self._process
        self._thread.join(within_s)
        if process is not None and self._thread.is_alive():
            _log.warning("the guardian (pid %d) did not end within %g s and is killed", process.pid, within_s)
            process.kill()
            self._thread.join(5.0)

    def _keep_alive(self) -> None:
        backoff = _BACKOFF_S
        while not self._stopping.is_set():
            began = time.monotonic()
            status = self._live()
            if self._stopping.is_set() or self.failure:
                break
            lived = time.monotonic() - began
            backoff = _BACKOFF_S if lived > _SOUND_S else min(backoff * 2, _LONGEST_BACKOFF_S)
            _log.error(
                "the guardian ended with status %s after %.1f s; the next starts in %g s", status, lived, backoff
            )
            self._stopping.wait(backoff)

    def _live(self) -> int | None:
        """Start one guardian and stay until it has ended; return its status."""
        try:
            process = self._spawn()
        except OSError as error:
            _log.error("the guardian cannot be started: %s", error)
            return None
        if process is None:
            return None
        self._listen(process)
        status = process.wait()
        self._ended()
        if process.stdout is not None:
            process.stdout.close()
        if status == _BAD_INPUT_STATUS and not self._ready.is_set():
            self.failure = f"the guardian refused to start (status {status}); its message is above"
        return status

    def _spawn(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._stopping.is_set():
                return None
            # a session of its own: Ctrl-C is for the worker, which ends it in its own time
            with no_fork_meanwhile():  # the main thread forks the pool's children
                process = subprocess.Popen(
                    self._argv,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=None if self._environment is None else dict(self._environment),
                    start_new_session=True,
                )
            self._process = process
        try:
            if process.stdin is not None:
                process.stdin.write(self._greeting)
                process.stdin.close()
        except BrokenPipeError:
            _log.warning("the guardian (pid %d) ended before it was told its worker", process.pid)
        return process

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Read its output until it ends. Its death is seen by its pidfd: others may hold its output open."""
        if process.stdout is None:
            return
        deadline = time.monotonic() + self._ready_s
        said = _Said()
        pidfd = os.pidfd_open(process.pid)
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(process.stdout, selectors.EVENT_READ)
                selector.register(pidfd, selectors.EVENT_READ)
                while True:
                    left = None if said.ready else max(0.0, deadline - time.monotonic())
                    events = {key.fd for key, _ in selector.select(left)}
                    if process.stdout.fileno() in events:
                        piece = os.read(process.stdout.fileno(), 4096)
                        self._hear(said, piece, process.pid)
                        if not piece:
                            selector.unregister(process.stdout)
                    if pidfd in events:
                        return
                    if not events and not said.ready:
                        _log.error("the guardian (pid %d) is not ready after %g s", process.pid, self._ready_s)
                        process.kill()
                        return
        finally:
            os.close(pidfd)

    def _hear(self, said: "_Said", piece: bytes, pid: int) -> None:
        *lines, said.rest = (said.rest + piece).splitlines(keepends=True) or [b""]
        if said.rest.endswith(b"\n"):
            lines, said.rest = [*lines, said.rest], b""
        for line in lines:
            if said.ready:
                self._hear_line(line)
            elif line == _READY:
                said.ready = True
                _log.info("the guardian (pid %d) is ready", pid)
                self._ready.set()


@dataclass(slots=True)
class _Said:
    """What a guardian said: whether it is ready, and the beginning of a line."""

    ready: bool = False
    rest: bytes = b""
