"""Serves pages on loopback to this slot's browser: a secure context without a certificate."""

import asyncio
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Protocol, Self

from dtf.execution.browser_host.http_message import (
    HEAD_LIMIT,
    BadRequestError,
    Request,
    Response,
    read_body,
    read_head,
    response_head,
)
from dtf.execution.browser_host.static_files import find_file, media_type, open_file

#: Below this path is what belongs to dtf; a user's folder of this name is not seen.
OWN = "/__dtf__/"
_CHUNK = 262144


class Mailbox(Protocol):
    """Takes what a page sends."""

    def admit(self, request: Request) -> int:
        """How many bytes the body of this message may have; it is read next."""
        ...

    async def receive(self, request: Request, body: bytes) -> Response:
        """Take one message and answer it."""
        ...


@dataclass(slots=True, kw_only=True)
class LoopbackServer:
    """An HTTP server on a free port of 127.0.0.1 that answers GET and HEAD, and POST for its mailbox alone.

    A request whose ``Host`` is another is refused, so that a name of somebody else's which resolves to this machine
    opens nothing.

    Attributes:
        folders: What is served, by the beginning of the path; the longest that fits is taken.
        documents: Single files in memory by path, with their media type following from the name.
        mailbox: Takes what pages send below ``own``; None: nothing is taken.
        token: Nobody else on this machine knows it; it stands in ``own``.
    """

    folders: Mapping[str, Path] = field(default_factory=dict)
    documents: Mapping[str, bytes] = field(default_factory=dict)
    mailbox: Mailbox | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _port: int = 0

    @property
    def origin(self) -> str:
        """Where it listens, as pages see it."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def own(self) -> str:
        """The path of what is between dtf and its pages alone, with a slash at its end."""
        return f"{OWN}{self.token}/"

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=HEAD_LIMIT)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Listen no more, and cut what is still open."""
        if self._server is not None:
            self._server.close()
        for writer in self._open:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the browser went away: it stopped loading, or its page was closed
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head_only = False
        try:
            request = await read_head(reader)
            head_only = request.method == "HEAD"
            found = await self._find(request, reader)
        except BadRequestError as error:
            found = Response(status=error.status, body=error.status.phrase.encode())
        if isinstance(found, Path):
            await _send_file(writer, found, head_only=head_only)
            return
        writer.write(response_head(found.status, found.media_type, len(found.body)))
        if not head_only:
            writer.write(found.body)
        await writer.drain()

    async def _find(self, request: Request, reader: asyncio.StreamReader) -> Response | Path:
        self._check_host(request)
        if request.method == "POST" and self.mailbox and request.path.startswith(self.own):
            body = await read_body(reader, request, self.mailbox.admit(request))
            return await self.mailbox.receive(request, body)
        if request.method not in ("GET", "HEAD"):
            raise BadRequestError(HTTPStatus.METHOD_NOT_ALLOWED)
        if (document := self.documents.get(request.path)) is not None:
            return Response(media_type=media_type(request.path), body=document)
        return self._find_file(request.path)

    def _find_file(self, path: str) -> Path:
        for prefix in sorted(self.folders, key=len, reverse=True):
            if path.startswith(prefix):
                return find_file(self.folders[prefix], "/" + path.removeprefix(prefix))
        raise BadRequestError(HTTPStatus.NOT_FOUND)

    def _check_host(self, request: Request) -> None:
        if request.host not in (f"127.0.0.1:{self._port}", f"localhost:{self._port}"):
            raise BadRequestError(HTTPStatus.MISDIRECTED_REQUEST)


async def _send_file(writer: asyncio.StreamWriter, path: Path, *, head_only: bool) -> None:
    try:
        descriptor, size = open_file(path)
    except BadRequestError as error:
        writer.write(response_head(error.status, "text/plain", 0))
        await writer.drain()
        return
    try:
        writer.write(response_head(HTTPStatus.OK, media_type(path.name), size))
        await writer.drain()
        while not head_only and size > 0:
            chunk = await asyncio.to_thread(os.read, descriptor, min(_CHUNK, size))
            if not chunk:
                raise ConnectionError(f"{path} became shorter while it was sent")
            size -= len(chunk)
            writer.write(chunk)
            await writer.drain()
    finally:
        os.close(descriptor)
