"""How a command finds the cluster of its state directory, and starts it when there is none."""

import logging
import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dtf
from dtf.domain.codec import to_json
from dtf.domain.errors import ClusterError
from dtf.embedded.channel import Channel
from dtf.embedded.cluster_lock import control_is_answered, control_path
from dtf.embedded.log_files import LogFiles
from dtf.embedded.membership import Membership
from dtf.embedded.processes import TOKEN_VARIABLE
from dtf.embedded.state_directory import ClusterAddress, StateDirectory
from dtf.execution.profile import WorkerProfile

_LOG = logging.getLogger(__name__)

_RETRY_S = 0.005
_SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinConfig:
    """How to join the cluster of a state directory.

    Attributes:
        state_dir: The state directory; made if it does not exist.
        supervisor_command: Starts a supervisor for it; run in ``/``.
        environment: The supervisor's variables, all of them.
        workers: The cluster's workers have at least so many slots for ``tag`` while this command is there.
        tag: A hardware tag.
        profiles: One worker for each of these as well.
        start: Whether to start a cluster where none runs.
        timeout_s: How long to wait for a usable cluster, in seconds.
        version: dtf's version.
    """

    state_dir: Path
    supervisor_command: Sequence[str]
    environment: Mapping[str, str]
    workers: int = 2
    tag: str = "cpu"
    profiles: tuple[WorkerProfile, ...] = ()
    start: bool = True
    timeout_s: float = 30.0
    version: str = field(default_factory=lambda: dtf.__version__)


def join(config: JoinConfig) -> Membership:
    """Join the cluster of a state directory; start it when there is none.

    Any number of commands may do so at once: the lock of the state directory lets one supervisor live.

    Returns:
        The membership in a usable cluster: broker and ledger ready, workers started.

    Raises:
        ClusterError: The cluster cannot be started or joined; the message says why.
    """
    return _Joiner(config).join()


def peek(state_dir: Path) -> ClusterAddress | None:
    """The cluster of a state directory, if a usable one runs; nothing is started or written."""
    directory = StateDirectory(state_dir)
    address = directory.read_address()
    return address if address is not None and control_is_answered(directory) else None


class _Joiner:
    """Tries to connect until it is in, and starts a supervisor whenever none is there and none is on its way."""

    def __init__(self, config: JoinConfig) -> None:
        self._config = config
        self._directory = StateDirectory(config.state_dir)
        self._logs = LogFiles(self._directory.logs)
        self._deadline = time.monotonic() + config.timeout_s
        self._launched: subprocess.Popen[bytes] | None = None

    def join(self) -> Membership:
        if self._config.start:
            self._directory.create()
        try:
            while True:
                membership = self._try()
                if membership is not None:
                    return membership
                if self._left() <= 0:
                    raise self._too_late()
                select.select([], [], [], _RETRY_S)
        finally:
            if self._launched is not None and self._launched.returncode is None:
                self._launched.returncode = 0  # it outlives this process, and Popen is not to warn of that

    def _try(self) -> Membership | None:
        channel = self._connect()
        if channel is None:
            return None
        try:
            channel.send(self._request(), max(self._left(), _RETRY_S))
            answer = channel.receive(max(self._left(), _RETRY_S))
        except TimeoutError as error:
            channel.close()
            raise self._too_late() from error
        except OSError:  # it is ending
            answer = None
        except BaseException:
            channel.close()
            raise
        if answer is None:
            channel.close()
            return None
        return self._enter(channel, answer)

    def _enter(self, channel: Channel, answer: Mapping[str, Any]) -> Membership:
        if not answer.get("ok"):
            channel.close()
            raise ClusterError(str(answer.get("error")))
        return Membership(
            channel,
            broker_url=answer["broker_url"],
            database_url=answer["database_url"],
            supervisor_pid=answer["pid"],
        )

    def _connect(self) -> Channel | None:
        path = control_path(self._directory)
        try:
            if path:
                return Channel.connect(path, max(self._left(), _RETRY_S))
            self._see_to_a_supervisor()
        except (FileNotFoundError, ConnectionRefusedError):
            self._see_to_a_supervisor()
        except OSError as error:
            _LOG.info("control-busy path=%s error=%s", path, error)
        return None

    def _see_to_a_supervisor(self) -> None:
        """Nobody listens: see to it that somebody will."""
        if not self._config.start:
            raise ClusterError(f"no cluster runs for {self._directory.path}; dtf up starts one")
        if self._launched is not None:
            code = self._launched.poll()
            if code is None:
                return  # on its way
            if code != 0:
                raise ClusterError(f"the cluster's supervisor ended with {code}{self._last_words()}")
        self._launched = self._launch()

    def _launch(self) -> "subprocess.Popen[bytes]":
        environment = {key: value for key, value in self._config.environment.items() if key != TOKEN_VARIABLE}
        log = self._open_log()
        try:
            return subprocess.Popen(
                list(self._config.supervisor_command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise ClusterError(f"the cluster's supervisor cannot be started: {error}") from error
        finally:
            os.close(log)

    def _open_log(self) -> int:
        try:
            log = self._logs.open(_SUPERVISOR)
            try:
                os.write(log, f"--- started by process {os.getpid()}\n".encode("ascii"))
            except OSError:  # a full disk shows here first
                os.close(log)
                raise
        except OSError as error:
            raise self._directory.unusable(error) from error
        return log

    def _request(self) -> dict[str, object]:
        config = self._config
        return {
            "op": "join",
            "version": config.version,
            "workers": config.workers,
            "tag": config.tag,
            "profiles": to_json(config.profiles),
        }

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    def _too_late(self) -> ClusterError:
        limit = f"{self._config.timeout_s:g} s"
        return ClusterError(f"the cluster of {self._directory.path} was not usable in {limit}{self._last_words()}")

    def _last_words(self) -> str:
        path = self._logs.path(_SUPERVISOR)
        tail = self._logs.tail(_SUPERVISOR)
        return f"; the last words in {path}:\n{tail}" if tail else f"; {path} says nothing"
