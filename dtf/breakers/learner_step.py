"""A worker's bootstep that keeps a learner beside it."""

import logging
import subprocess
import sys
import threading
import time
from typing import Any, Final

from celery import bootsteps
from celery.worker.components import Pool

from dtf.breakers.learner_process import END, HOPELESS, Order
from dtf.breakers.learning_loop import INTERVAL_S
from dtf.breakers.wiring import SETTING, breaker_config, redis_address
from dtf.domain.errors import DtfError
from dtf.processes.starting import no_fork_meanwhile

_log = logging.getLogger(__name__)

#: How long it waits before it starts a learner that ended again, at first and at most, in seconds.
_SOON_S, _LATE_S = 2.0, 60.0
#: A learner that ran for so long had begun well.
_WELL_S: Final = 60.0
#: How long a learner may take to end, in seconds: it keeps a snapshot.
_STOP_S: Final = 5.0


class LearnerStep(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
    """Keeps a process beside the worker that learns what is normal: ``app.steps["worker"].add(LearnerStep)``.

    Every worker may have one: one of them all learns, the others wait for its turn to end. The worker itself and its
    pool do not load River.
    """

    requires = (Pool,)

    def __init__(self, parent: Any, **options: Any) -> None:  # noqa: ANN401  # Celery has no types
        super().__init__(parent, **options)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, parent: Any) -> None:  # noqa: ANN401  # as above
        """Start the learner."""
        try:
            order = self._order(parent.app)
        except DtfError as error:
            _log.error("nothing is learned: %s", error)  # the message says it all
            return
        if order is None:
            _log.warning("nothing is learned: the broker is no Redis, and %sredis_url names none", SETTING)
            return
        self._stop.clear()
        self._thread = threading.Thread(target=self._keep, args=(order,), name="dtf-learner", daemon=True)
        self._thread.start()

    def stop(self, parent: Any) -> None:  # noqa: ANN401, ARG002  # as above
        """End the learner."""
        self._stop.set()
        process = self._process
        if process is not None:
            _tell_to_end(process)
        if self._thread is not None:
            self._thread.join(_STOP_S + 1)
            self._thread = None

    terminate = stop

    def _order(self, app: Any) -> Order | None:  # noqa: ANN401  # as above
        address = redis_address(app)
        return None if address is None else Order(address=address, config=breaker_config(app), interval_s=INTERVAL_S)

    def _keep(self, order: Order) -> None:
        pause_s = _SOON_S
        while not self._stop.is_set():
            began = time.monotonic()
            status = self._run(order)
            if self._stop.is_set():
                return
            if status == HOPELESS:
                _log.error("nothing is learned; the learner's own message stands above")
                return
            pause_s = _SOON_S if time.monotonic() - began > _WELL_S else min(2 * pause_s, _LATE_S)
            _log.warning("the learner ended with status %s; it starts again in %.0f s", status, pause_s)
            self._stop.wait(pause_s)

    def _run(self, order: Order) -> int | None:
        """Run one learner to its end; None: it could not be started."""
        argv = [sys.executable, "-m", "dtf.breakers.learner_process"]
        try:
            with no_fork_meanwhile():  # the main thread forks the pool's children
                process = self._process = subprocess.Popen(argv, stdin=subprocess.PIPE)
        except OSError as error:
            _log.warning("the learner cannot be started: %s", error)
            return None
        try:
            _hand_over(process, order)
            while not self._stop.is_set() and process.poll() is None:
                self._stop.wait(0.2)
            return _ended(process)
        finally:
            self._process = None


def _hand_over(process: "subprocess.Popen[bytes]", order: Order) -> None:
    if process.stdin is None:
        return
    try:
        process.stdin.write(order.line())
        process.stdin.flush()
    except (OSError, ValueError) as error:  # it ended, or the worker does
        _log.info("the learner did not hear where the breakers are: %s", error)


def _tell_to_end(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin is None or process.stdin.closed:
        return
    try:
        process.stdin.write(END)
        process.stdin.close()
    except (OSError, ValueError) as error:  # it ended, or it was told in the other thread just now
        _log.debug("the learner did not hear that it ends: %s", error)


def _ended(process: "subprocess.Popen[bytes]") -> int:
    _tell_to_end(process)
    try:
        return process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
