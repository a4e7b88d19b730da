"""JSON lines over the control socket, as a command sees it."""

import json
import socket
import time
from collections.abc import Mapping
from typing import Any

#: No line on the control socket is longer, in bytes.
LONGEST_LINE = 1 << 20


class Channel:
    """A connection to a supervisor. Not to be shared by threads."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""

    @classmethod
    def connect(cls, path: str, timeout_s: float) -> "Channel":
        """Connect to the control socket.

        Args:
            path: The socket's path.
            timeout_s: How long to wait for the connection, in seconds.

        Raises:
            OSError: Nobody listens there, or nobody has time.
        """
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(timeout_s)
            connection.connect(path)
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    def send(self, message: Mapping[str, object], timeout_s: float) -> None:
        """Send one message.

        Raises:
            OSError: The supervisor is gone, or does not read.
        """
        self._connection.settimeout(timeout_s)
        self._connection.sendall(json.dumps(message).encode("ascii") + b"\n")

    def receive(self, timeout_s: float) -> dict[str, Any] | None:
        """Wait for one message.

        Args:
            timeout_s: How long to wait, in seconds; 0: take only what is there.

        Returns:
            The message; None when the supervisor has closed the connection or is gone.

        Raises:
            TimeoutError: Nothing came in time.
        """
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self._buffer:
            self._connection.settimeout(max(deadline - time.monotonic(), 0.0))
            try:
                data = self._connection.recv(65536)
            except BlockingIOError as error:  # a time-out of 0 makes the socket non-blocking
                raise TimeoutError from error
            except ConnectionError:
                return None
            if not data:
                return None
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        message = json.loads(line)
        return message if isinstance(message, dict) else {}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
