"""The guardian's end of its connection with a process that works for it."""

import asyncio
import json
import logging
import socket
from collections.abc import Callable, Sequence
from typing import Any

logger = logging.getLogger(__name__)

Message = dict[str, Any]

_CHUNK = 1 << 18


class LineChannel:
    """JSON lines over a Unix socket.

    The socket is used directly, without a transport, because descriptors travel over it.
    """

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._socket = end
        self._buffer = bytearray()
        self._on_message: Callable[[Message], None] = lambda _: None
        self._reader: asyncio.Task[None] | None = None

    @classmethod
    def pair(cls) -> tuple["LineChannel", socket.socket]:
        """A channel, and the end that belongs to the other process."""
        ours, theirs = socket.socketpair()
        return cls(ours), theirs

    def listen(self, on_message: Callable[[Message], None]) -> None:
        """Call back with every message from now on."""
        self._on_message = on_message
        self._reader = asyncio.create_task(self._read())

    async def send(self, message: Message, descriptors: Sequence[int] = ()) -> None:
        """Send a message; when the other process is gone nothing happens, its death is heard elsewhere."""
        data = json.dumps(message).encode() + b"\n"
        loop = asyncio.get_running_loop()
        try:
            if descriptors:
                sent = socket.send_fds(self._socket, [data[:1]], list(descriptors))
                data = data[sent:]
            await loop.sock_sendall(self._socket, data)
        except (BrokenPipeError, ConnectionResetError, OSError) as error:
            logger.debug("a process did not take a message: %s", error)

    async def finish(self, grace_s: float = 0.2) -> None:
        """Read what a dead process has sent, then close.

        A process that a test left behind may hold the other end open, so the end of the stream is waited for
        only shortly; what was sent is in the socket by then.
        """
        if self._reader is not None:
            _, pending = await asyncio.wait([self._reader], timeout=grace_s)
            if pending:
                self._reader.cancel()
                await asyncio.gather(self._reader, return_exceptions=True)
                self._read_rest()
        self._socket.close()

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                data = await loop.sock_recv(self._socket, _CHUNK)
            except OSError:
                return
            if not data:
                return
            self._feed(data)

    def _read_rest(self) -> None:
        while True:
            try:
                data = self._socket.recv(_CHUNK)
            except OSError:
                return
            if not data:
                return
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        self._buffer += data
        *lines, rest = self._buffer.split(b"\n")
        self._buffer = rest
        for line in lines:
            try:
                message = json.loads(line)
            except ValueError:
                logger.warning("a process sent what is no message: %r", bytes(line[:200]))
                continue
            self._on_message(message)
