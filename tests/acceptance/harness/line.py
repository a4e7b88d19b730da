"""A line between a browser and a dashboard that can be cut: a TCP proxy."""

import select
import socket
import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

#: So often a thread looks whether it is to end, in seconds.
_LOOK_S = 0.1
_UPGRADE = b"GET /ws "


class Sockets(StrEnum):
    """What the line does with WebSockets."""

    PASS = "pass"
    #: Those that are there are closed, new ones too; other requests pass.
    CLOSED = "closed"
    #: Nobody is told anything, and nothing passes.
    SILENT = "silent"


@dataclass(slots=True)
class _Connection:
    browser: socket.socket
    dashboard: socket.socket
    is_websocket: bool = False


class Line:
    """Listens on the loopback device and passes on what it gets, in a block.

    Args:
        port: The dashboard's.

    Attributes:
        sockets: What it does with WebSockets.
        port: Where it listens.
    """

    def __init__(self, port: int) -> None:
        self.sockets = Sockets.PASS
        self._target = port
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_LOOK_S)
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(30)
        self._listener.close()

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError):
                browser, _ = self._listener.accept()
                self._start(self._serve, browser)

    def _serve(self, browser: socket.socket) -> None:
        with ExitStack() as opened:
            opened.enter_context(browser)
            dashboard = opened.enter_context(socket.create_connection(("127.0.0.1", self._target), 30))
            connection = _Connection(browser, dashboard)
            # whatever either end does, the other end hears of it by the end of the block
            with suppress(OSError):
                while not self._ended.is_set() and self._passed(connection):
                    pass

    def _passed(self, connection: _Connection) -> bool:
        """Pass on what there is; whether there may be more."""
        if connection.is_websocket and self.sockets is Sockets.CLOSED:
            return False
        if connection.is_websocket and self.sockets is Sockets.SILENT:
            return not self._ended.wait(_LOOK_S)
        ready, _, _ = select.select([connection.browser, connection.dashboard], [], [], _LOOK_S)
        for one in ready:
            data = one.recv(65536)
            if not data:
                return False
            if data.startswith(_UPGRADE):
                connection.is_websocket = True
                if self.sockets is not Sockets.PASS:
                    return self.sockets is Sockets.SILENT
            (connection.dashboard if one is connection.browser else connection.browser).sendall(data)
        return True
