"""The guardian as the worker's other processes see it."""

import json
import socket
import threading
import time
from pathlib import Path
from typing import Any, TypeVar

from dtf.domain.codec import from_json, to_json
from dtf.domain.errors import DtfError
from dtf.execution.guardian.messages import GuardianStatus, Request, ShardReply

T = TypeVar("T")

_POLL_S = 0.1
_SHORT_S = 10.0


class GuardianGoneError(DtfError):
    """The guardian is not there, or went away before it answered."""

    exit_code = 10


class GuardianLostError(GuardianGoneError):
    """The guardian had been asked, and went away before it answered."""


class GuardianClient:
    """Talks to a worker's guardian; every call has a connection of its own.

    The connection is the caller's sign of life: if the caller dies while a shard runs, the guardian ends the shard.
    """

    def __init__(self, path: Path, *, patience_s: float = 15.0) -> None:
        """Build a client.

        Args:
            path: The guardian's socket.
            patience_s: How long to wait for a guardian that is being started again, in seconds.
        """
        self._path = path
        self._patience_s = patience_s

    def run_shard(self, shard_id: str, task_id: str, queue: str) -> ShardReply:
        """Have a shard run, and those that follow on, and wait for the end however long it takes.

        Args:
            shard_id: The shard.
            task_id: The Celery task.
            queue: Where its hint came from, which decides what slots it gets.

        Raises:
            GuardianLostError: It went away meanwhile; what was claimed is given back by the next guardian.
            GuardianGoneError: There is none.
        """
        return self._ask(Request(op="run", shard_id=shard_id, task_id=task_id, queue=queue), ShardReply, None)

    def prepare(self, job_id: str, queue: str) -> None:
        """Have a suite warmed up in the background, whose shards will come from a queue.

        Raises:
            GuardianGoneError: Nobody answered.
        """
        self._ask(Request(op="prepare", job_id=job_id, queue=queue), GuardianStatus, _SHORT_S)

    def drain(self) -> None:
        """Let the guardian take nothing more; what runs goes on to its end.

        Raises:
            GuardianGoneError: Nobody answered.
        """
        self._ask(Request(op="drain"), GuardianStatus, _SHORT_S)

    def status(self) -> GuardianStatus:
        """What the guardian is doing.

        Raises:
            GuardianGoneError: Nobody answered.
        """
        return self._ask(Request(op="status"), GuardianStatus, _SHORT_S)

    def _ask(self, request: Request, kind: type[T], limit_s: float | None) -> T:
        with self._connect() as connection:
            connection.settimeout(limit_s)
            try:
                connection.sendall(json.dumps(to_json(request)).encode() + b"\n")
                with connection.makefile("rb") as answers:
                    line = answers.readline()
            except OSError as error:
                raise GuardianLostError(f"the guardian at {self._path} does not answer: {error}") from error
        if not line.endswith(b"\n"):
            raise GuardianLostError(f"the guardian at {self._path} went away before it answered")
        answer: Any = json.loads(line)
        if "error" in answer:
            raise DtfError(f"the guardian cannot: {answer['error']}")
        return from_json(kind, answer)

    def _connect(self) -> socket.socket:
        deadline = time.monotonic() + self._patience_s
        pause = threading.Event()
        while True:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.connect(str(self._path))
            except OSError as error:
                connection.close()
                if time.monotonic() > deadline:
                    raise GuardianGoneError(f"there is no guardian at {self._path}: {error}") from error
                pause.wait(_POLL_S)
            else:
                return connection
