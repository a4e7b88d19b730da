"""What the page of a model sends."""

import asyncio
import json
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from dtf.execution.browser_host.http_message import BadRequestError, Request, Response

_MOST_RESULT, _MOST_OUTPUT = 8 * 2**20, 512 * 2**20


@dataclass(slots=True, kw_only=True)
class ModelMailbox:
    """Takes the outputs of a model, and then what its page tells.

    Attributes:
        folder: Where outputs are put.
        result: What the page told.
    """

    folder: Path
    result: asyncio.Future[dict[str, Any]] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    _room: int = _MOST_OUTPUT

    def admit(self, request: Request) -> int:
        """A result is short; outputs may have what is left of their common room."""
        if request.path.endswith("/result"):
            return _MOST_RESULT
        room, self._room = self._room, max(self._room - request.length, 0)
        return room

    async def receive(self, request: Request, body: bytes) -> Response:
        """Keep an output, or the result."""
        *_, kind, name = request.path.split("/")
        if kind == "output" and name.removesuffix(".bin").replace("-", "").isalnum():
            await asyncio.to_thread((self.folder / name).write_bytes, body)
        elif name == "result" and not self.result.done():
            self.result.set_result(json.loads(body))
        else:
            raise BadRequestError(HTTPStatus.NOT_FOUND)
        return Response()
