"""The supervisor's side of the control socket."""

import asyncio
import contextlib
import json
import logging
import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

from dtf.domain.errors import ClusterError
from dtf.embedded.channel import LONGEST_LINE
from dtf.embedded.workforce import Demand

_LOG = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True, eq=False)
class User:
    """One connection; a command that uses the cluster once it has joined.

    Attributes:
        pid: The command's process, as the kernel tells it.
        writer: Where answers go.
        joined: Whether it uses the cluster.
        since: When it came, in seconds since the epoch.
        demand: The workers that it needs.
        runs: The runs that end with it.
        leaving: Whether it has said goodbye; the answer to that is the last.
    """

    pid: int
    writer: asyncio.StreamWriter
    joined: bool = False
    since: float = field(default_factory=time.time)
    demand: Demand = field(default_factory=Demand)
    runs: set[str] = field(default_factory=set)
    leaving: bool = False

    def tell(self, message: Mapping[str, object]) -> None:
        """Send a message; one that cannot be sent is dropped with its connection."""
        if not self.writer.is_closing():
            self.writer.write(json.dumps(message).encode("ascii") + b"\n")


class Desk(Protocol):
    """Who answers the users."""

    async def answer(self, user: User, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a request.

        Raises:
            ClusterError: It cannot be done; the message is for people.
        """
        ...

    def gone(self, user: User) -> None:
        """Hear that a connection has ended."""
        ...


class ControlServer:
    """Listens for users; each line is a request, each request gets one line."""

    def __init__(self, path: Path, desk: Desk) -> None:
        self._path = path
        self._desk = desk
        self._server: asyncio.Server | None = None
        self._inode = 0
        self._serving: dict[asyncio.Task[None], User] = {}

    async def open(self) -> None:
        """Listen; the caller holds the lock, so a socket that is there is a dead one's.

        Raises:
            ClusterError: The socket cannot be made.
        """
        try:
            # again: another supervisor that has just ended removes the directory when it finds it empty
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            self._path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._serve, path=self._path, limit=LONGEST_LINE)
            self._path.chmod(0o600)
            self._inode = self._path.stat().st_ino
        except OSError as error:
            raise ClusterError(f"the control socket {self._path} cannot be made: {error}") from error

    def close(self) -> None:
        """Take no further connections; those that wait to be accepted are cut."""
        if self._server is not None:
            self._server.close()

    def unlink(self) -> None:
        """Remove the socket, unless another supervisor's has taken its place, and its directory if nothing is left."""
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
        with contextlib.suppress(OSError):  # in use by others
            self._path.parent.rmdir()

    async def finish(self, timeout_s: float) -> None:
        """Let the answers to goodbyes go out, then cut every connection.

        Args:
            timeout_s: How long a user may take to read, in seconds.
        """
        leaving = [task for task, user in self._serving.items() if user.leaving]
        if leaving:
            await asyncio.wait(leaving, timeout=timeout_s)
        for task in list(self._serving):
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        user = User(pid=_peer(writer), writer=writer)
        self._serving[cast("asyncio.Task[None]", asyncio.current_task())] = user
        try:
            await self._converse(user, reader)
        except (OSError, ValueError) as error:  # cut off, or a line without end
            _LOG.info("user-cut pid=%d error=%s", user.pid, error)
        finally:
            self._serving.pop(cast("asyncio.Task[None]", asyncio.current_task()))
            self._desk.gone(user)
            writer.close()

    async def _converse(self, user: User, reader: asyncio.StreamReader) -> None:
        while not user.leaving and (line := await reader.readline()):
            user.tell(await self._reply(user, line))
            await user.writer.drain()

    async def _reply(self, user: User, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            answer = await self._desk.answer(user, request if isinstance(request, dict) else {})
        except (ClusterError, ValueError, RecursionError) as error:
            return {"ok": False, "error": str(error)}
        return {"ok": True, **answer}


def _peer(writer: asyncio.StreamWriter) -> int:
    """The pid at the other end, as the kernel tells it. The socket's directory keeps other users out."""
    connection = writer.get_extra_info("socket")
    pid, _, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(pid)
