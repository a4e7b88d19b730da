"""The dashboard as a process, asked over HTTP."""

import json
import re
import socket
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

from tests.acceptance.harness.place import DTF, Place, Started, until

_ADDRESS = re.compile(r"dashboard: http://127\.0\.0\.1:(\d+)(\S*)/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A dashboard that serves.

    Attributes:
        command: Its process.
        port: Where it listens.
        prefix: Below which path.
    """

    command: Started
    port: int
    prefix: str = ""

    def ask(self, path: str, method: str = "GET", host: str = "", **values: str) -> tuple[int, str]:
        """Send a request with a form; status and body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            form = {"Content-Type": "application/x-www-form-urlencoded", **({"Host": host} if host else {})}
            connection.request(method, self.prefix + path, body=urlencode(values), headers=form)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        finally:
            connection.close()

    def tasks(self, query: str = "") -> dict[str, Any]:
        """What Flower's API tells of tasks."""
        status, body = self.ask(f"/api/tasks?{query}")
        assert status == 200, body
        found: dict[str, Any] = json.loads(body)
        return found

    def task(self, state: str) -> str:
        """The id of a task in a state, once there is one."""
        found: list[str] = []

        def is_there() -> bool:
            found.extend(self.tasks(f"state={state}"))
            return bool(found)

        assert until(is_there, 90, every_s=0.5), (self.tasks(), self.command.said)
        return found[0]

    def open_socket(self) -> socket.socket:
        """A WebSocket that stays open and reads nothing."""
        opened = socket.create_connection(("127.0.0.1", self.port), 60)
        key = "dGhlIHNhbXBsZSBub25jZQ=="
        opened.sendall(
            f"GET {self.prefix}/ws HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        assert opened.recv(12) == b"HTTP/1.1 101"
        return opened


def serving(place: Place, *arguments: str, argv: tuple[str, ...] = (DTF, "dashboard")) -> Served:
    """Start it on a free port."""
    command = place.start(*argv, "--port", "0", *arguments)
    assert until(lambda: _ADDRESS.search(command.said) or not command.running, 90), command.said
    found = _ADDRESS.search(command.said)
    assert found, command.said
    return Served(command=command, port=int(found[1]), prefix=found[2])
