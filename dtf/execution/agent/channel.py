"""JSON lines over a Unix socket, with file descriptors on the way to the agent."""

from __future__ import annotations

import json
import os
import socket
from collections import deque
from typing import Any

Message = dict[str, Any]

# Tests patch modules; what the agent needs after the first test is kept here.
_dumps = json.dumps
_loads = json.loads


class Channel:
    """The agent's end of its connection with the executor.

    Attributes:
        descriptors: File descriptors that came and were not taken yet, in the order of arrival.
    """

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(True)
        self._buffer = b""
        self._lines: deque[bytes] = deque()
        self.descriptors: deque[int] = deque()

    def fileno(self) -> int:
        """The socket's descriptor, for ``poll``."""
        return self._socket.fileno()

    def send(self, *messages: Message) -> None:
        """Send messages in one piece.

        Raises:
            OSError: The executor is gone.
        """
        self._socket.sendall(b"".join(_dumps(message).encode("ascii") + b"\n" for message in messages))

    def receive(self) -> Message | None:
        """Wait for the next message; None when the executor is gone."""
        while not self._lines:
            if not self._fill():
                return None
        message: Message = _loads(self._lines.popleft())
        return message

    def pending(self) -> bool:
        """Whether a message was read from the socket and waits here."""
        return bool(self._lines)

    def close(self) -> None:
        """Close this process's copy of the connection."""
        self._socket.close()

    def _fill(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._socket, 1 << 16, 4)
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
            self.descriptors.append(descriptor)
        if not data:
            return False
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        self._lines.extend(lines)
        return True
