"""The WebSocket of dtf's pages."""

import asyncio
import json
import logging
from typing import Any, Final

from tornado.websocket import WebSocketClosedError, WebSocketHandler

from dtf.dashboard.live.hub import Listener

log = logging.getLogger(__name__)

#: A page's message is no longer than this, in bytes.
_LONGEST: Final = 4096
#: A page that has not taken what was sent for so long is let go, in seconds: it connects again when it wakes.
_PATIENCE_S: Final = 60.0


class Socket(WebSocketHandler):
    """Tells a page what changes, as fast as the page takes it.

    The page sends ``{"type": "subscribe_to_monitoring", "topics": [...]}``, and
    ``{"type": "request_monitoring_update", "topics": [...]}`` to be told all of them anew. It is sent
    ``monitoring_update`` messages: the whole of a topic first, then its changes, each with the version before it.
    """

    application: Any

    def initialize(self) -> None:
        """Listen to nothing yet."""
        self._something = asyncio.Event()
        self._listener = Listener(self._something.set)
        self._sending: asyncio.Task[None] | None = None

    @property
    def max_message_size(self) -> int:
        """Longer messages of a page end its socket."""
        return _LONGEST

    def check_origin(self, origin: str) -> bool:  # noqa: ARG002  # Tornado's
        """The dashboard's guard has looked already, as at every request."""
        return True

    def open(self, *_arguments: str, **_options: str) -> None:
        """Begin to send."""
        self.set_nodelay(True)
        self._sending = asyncio.create_task(self._send())

    def on_message(self, message: str | bytes) -> None:
        """Take a page's wish; what is none ends the socket."""
        try:
            told = json.loads(message)
            topics = [topic for topic in told["topics"] if topic in self.application.topics]
            kind = told["type"]
        except (ValueError, TypeError, KeyError, RecursionError):
            self.close(1003, "no message of the dashboard's")
            return
        if kind == "subscribe_to_monitoring":
            self.application.hub.listen(self._listener, topics)
        elif kind == "request_monitoring_update":
            self._listener.tell_anew(self._listener.topics.intersection(topics))

    def on_close(self) -> None:
        """Forget the page."""
        self.application.hub.leave(self._listener)
        if self._sending is not None:
            self._sending.cancel()

    async def _send(self) -> None:
        try:
            while True:
                await self._something.wait()
                self._something.clear()
                while (message := self._listener.take(self.application.hub)) is not None:
                    async with asyncio.timeout(_PATIENCE_S):
                        await self.write_message(message)
        except WebSocketClosedError:
            return
        except TimeoutError:
            log.info("a page has not taken anything for %g s: its socket is closed", _PATIENCE_S)
            self.application.hub.leave(self._listener)
            self.close(1013, "the page does not keep up")
