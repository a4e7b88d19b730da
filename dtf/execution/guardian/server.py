"""The guardian's ear: a Unix socket, one JSON object a line."""

import asyncio
import json
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from dtf.domain.codec import from_json, to_json
from dtf.domain.errors import BadInputError
from dtf.execution.guardian.messages import Request

log = logging.getLogger(__name__)

_LINE_CAP = 64 * 1024
_BACKLOG = 256

#: Answers a request. The event is set when whoever asked is gone.
Handler = Callable[[Request, asyncio.Event], Awaitable[object]]


class Server:
    """Takes requests from the worker's children; whoever closes the connection while it waits is taken for dead."""

    def __init__(self, path: Path, handle: Handler) -> None:
        self._path = path
        self._handle = handle
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Listen; only this user may connect.

        Raises:
            OSError: The path is too long or not writable.
        """
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, self._path, limit=_LINE_CAP, backlog=_BACKLOG)
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Listen no more and close every connection."""
        if self._server:
            self._server.close()
        for writer in list(self._open):
            writer.close()
        await asyncio.to_thread(self._path.unlink, missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while line := await reader.readline():
                gone = asyncio.Event()
                watching = asyncio.create_task(_watch(reader, gone))
                try:
                    answer = await self._answer(line, gone)
                finally:
                    watching.cancel()
                    await asyncio.gather(watching, return_exceptions=True)
                if gone.is_set():
                    return
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError) as error:  # ValueError: a line without end
            log.info("a connection ended: %s", error)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, line: bytes, gone: asyncio.Event) -> object:
        try:
            request = from_json(Request, json.loads(line))
            return to_json(await self._handle(request, gone))
        except (BadInputError, ValueError) as error:
            return {"error": f"the request cannot be used: {error}"}
        except Exception as error:
            log.exception("a request failed: %s", line[:200])
            return {"error": f"{type(error).__name__}: {error}"}


async def _watch(reader: asyncio.StreamReader, gone: asyncio.Event) -> None:
    """Set ``gone`` at the end of the connection. Nobody sends while an answer is due."""
    try:
        await reader.read(1)
    except ConnectionError as error:
        log.info("a connection broke: %s", error)
    gone.set()
