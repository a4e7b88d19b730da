"""The worker's bootstep: a guardian stands beside it while it runs."""

import contextlib
import logging
import os
import threading
import time
from typing import Any

from celery import bootsteps
from celery.worker.components import Pool
from celery.worker.state import active_requests, maybe_shutdown

from dtf.domain.errors import DtfError
from dtf.execution.guardian_process import GuardianProcess
from dtf.execution.socket_directory import keep_pool_files_in, make_socket_directory
from dtf.execution.task import SOCKET_KEY

_log = logging.getLogger(__name__)

#: How long the guardian may take to hear that it should claim nothing more, in seconds.
_DRAIN_S = 2.0
#: How often a worker that waits for its guardian looks whether it was told to stop, in seconds.
_LOOK_S = 0.2
#: How often it says that it waits, in seconds.
_TELL_S = 10.0


class GuardianStep(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
    """Starts the guardian while the pool forks, and lets no task in before it is ready.

    The worker (``dtf.execution.celery_worker``) ends it when the pool has ended.
    """

    requires = (Pool,)

    def create(self, w: Any) -> None:  # noqa: ANN401  # Celery has no types
        """Start the guardian; it comes up beside the rest of the worker."""
        directory = make_socket_directory(os.getpid())
        keep_pool_files_in(directory)
        self._socket = directory / "guardian.sock"
        self._setup = w.setup
        # before the pool forks, so that its children know it
        w.app.conf[SOCKET_KEY] = str(self._socket)
        w.guardian = self
        self._process = GuardianProcess(
            self._setup.guardian_command,
            self._setup.guardian_environment,
            worker=w.described,
            socket=self._socket,
            ready_s=self._setup.guardian_ready_s,
            hear=w.hear_guardian,
            ended=w.intake.forget,
        )
        self._process.start()

    def start(self, w: Any) -> None:  # noqa: ANN401, ARG002  # Celery has no types
        """Wait until the guardian is ready.

        Raises:
            SystemExit: It will not be, and the worker is of no use without it; or the worker was told to stop.
        """
        patience_s = self._setup.guardian_patience_s
        began = told = time.monotonic()
        while not self._process.wait_ready(_LOOK_S):
            maybe_shutdown()
            now = time.monotonic()
            if self._process.failure:
                _log.critical("the worker ends: %s", self._process.failure)
                raise SystemExit(1)
            if now - began > patience_s:
                _log.critical("the worker ends: no guardian was ready within %g s", patience_s)
                raise SystemExit(1)
            if now - told >= _TELL_S:
                told = now
                _log.warning(
                    "the worker takes no work yet: its guardian, which needs the database, is not ready after %.0f s"
                    " of at most %g s",
                    now - began, patience_s,
                )  # fmt: skip

    def close(self, w: Any) -> None:  # noqa: ANN401, ARG002  # Celery has no types
        """The worker begins to stop: tell the guardian to claim nothing more."""
        # in a thread: a frozen guardian must not hold up the worker's end
        teller = threading.Thread(target=self._drain, name="dtf-drain", daemon=True)
        teller.start()
        teller.join(_DRAIN_S)

    def stop(self, w: Any) -> None:  # noqa: ANN401, ARG002  # Celery has no types
        """The pool ends next: where nothing runs, the guardian may end beside it."""
        if not active_requests:
            self._process.ask_to_stop()

    def terminate(self, w: Any) -> None:  # noqa: ANN401, ARG002  # Celery has no types
        """Nobody waits for what runs: the guardian ends it."""
        self._process.ask_to_stop()

    def end(self) -> None:
        """End the guardian and remove its socket; the pool has ended."""
        self._process.stop(self._setup.guardian_stop_s)
        with contextlib.suppress(FileNotFoundError):
            self._socket.unlink()
        try:
            self._socket.parent.rmdir()
        except OSError as error:
            _log.warning("the guardian's directory %s could not be removed: %s", self._socket.parent, error)

    def _drain(self) -> None:
        try:
            self._setup.connect(self._socket).drain()
        except (OSError, EOFError, DtfError) as error:
            _log.warning("the guardian could not be told to drain: %r", error)
