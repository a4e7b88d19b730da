"""A command's part in a cluster."""

import contextlib
import logging
import os
import select
import threading
import types
from collections.abc import Mapping
from typing import Any, Self

from dtf.domain.errors import ClusterError
from dtf.embedded.channel import Channel

_LOG = logging.getLogger(__name__)

_ANSWER_WITHIN_S = 30.0
_LEAVE_WITHIN_S = 20.0
_LAST_STEPS_S = 2.0


class Membership:
    """A command that uses a cluster, which lives as long as its last user.

    Its connection to the supervisor is what counts: when the command dies, the kernel closes it.

    Attributes:
        broker_url: The message broker; holds a password.
        database_url: The ledger.
        supervisor_pid: The supervisor's process.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        broker_url: str,
        database_url: str,
        supervisor_pid: int,
    ) -> None:
        """Begin with a channel over which the command has joined.

        Args:
            channel: The connection to the supervisor.
            broker_url: The message broker.
            database_url: The ledger.
            supervisor_pid: The supervisor's process.
        """
        self.broker_url = broker_url
        self.database_url = database_url
        self.supervisor_pid = supervisor_pid
        self._channel: Channel | None = channel
        self._lock = threading.Lock()
        self._warning = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: types.TracebackType | None
    ) -> None:
        self.leave()

    def ensure_workers(self, n: int, tag: str) -> None:
        """See to it that the cluster's workers have at least so many slots for a tag, as long as this command is there.

        Raises:
            ClusterError: They cannot be started.
        """
        self._request({"op": "ensure_workers", "workers": n, "tag": tag})

    def attach(self, run_id: str) -> None:
        """Tie a run to this command: it is cancelled when the command dies without leaving.

        Raises:
            ClusterError: The supervisor is gone.
        """
        self._request({"op": "attach", "run_id": run_id})

    def status(self) -> Mapping[str, Any]:
        """Users and processes of the cluster.

        Raises:
            ClusterError: The supervisor is gone.
        """
        return self._request({"op": "status"})

    def trouble(self) -> str:
        """What is wrong with the cluster, as far as is known without waiting; empty: nothing."""
        with self._lock:
            if self._channel is None:
                return ""
            with contextlib.suppress(TimeoutError):
                while (message := self._channel.receive(0)) is not None:
                    self._note(message)
                return self._warning or "the cluster's supervisor is gone"
            return self._warning

    def leave(self) -> None:
        """Stop using the cluster. When this was its last user, it returns after everything has ended."""
        with self._lock:
            channel, self._channel = self._channel, None
            if channel is None:
                return
            supervisor = _open_process(self.supervisor_pid)
            try:
                channel.send({"op": "leave"}, _ANSWER_WITHIN_S)
                answer = self._answer(channel, _LEAVE_WITHIN_S)
                if answer is None or answer.get("ended"):
                    self._wait_for_end(supervisor)
            except OSError as error:  # gone, or frozen: there is nobody to say goodbye to
                _LOG.info("leave-unanswered supervisor=%d error=%s", self.supervisor_pid, error)
            finally:
                channel.close()
                if supervisor is not None:
                    os.close(supervisor)

    def _request(self, request: Mapping[str, object]) -> dict[str, Any]:
        with self._lock:
            if self._channel is None:
                raise ClusterError("this command has left the cluster")
            try:
                self._channel.send(request, _ANSWER_WITHIN_S)
                answer = self._answer(self._channel, _ANSWER_WITHIN_S)
            except TimeoutError as error:
                raise ClusterError(f"the cluster's supervisor (pid {self.supervisor_pid}) does not answer") from error
            except OSError as error:
                raise ClusterError(f"the cluster's supervisor is gone: {error}") from error
        if answer is None:
            raise ClusterError("the cluster's supervisor is gone")
        if not answer.get("ok"):
            raise ClusterError(str(answer.get("error")))
        return answer

    def _answer(self, channel: Channel, timeout_s: float) -> dict[str, Any] | None:
        """The next answer; news that come before it are kept."""
        while True:
            message = channel.receive(timeout_s)
            if message is None or "event" not in message:
                return message
            self._note(message)

    def _note(self, message: Mapping[str, Any]) -> None:
        if message.get("event") == "failed":
            self._warning = str(message.get("message"))

    def _wait_for_end(self, supervisor: int | None) -> None:
        """Wait for the last steps of its process, so that nothing at all is left when the command returns."""
        if supervisor is None:
            return
        select.select([supervisor], [], [], _LAST_STEPS_S)
        with contextlib.suppress(ChildProcessError):  # only the command that started it is its parent
            os.waitpid(self.supervisor_pid, os.WNOHANG)


def _open_process(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except OSError:  # gone already
        return None
