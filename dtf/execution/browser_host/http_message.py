"""As much of HTTP as pages on loopback need: one request a connection, its head and body bounded."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

#: The longest head of a request in bytes, and how long it and a body may take in seconds.
HEAD_LIMIT = 16384
HEAD_TIMEOUT_S = 10.0
BODY_TIMEOUT_S = 60.0


class BadRequestError(Exception):
    """A request that is answered with a status and nothing else.

    Attributes:
        status: The answer.
    """

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The head of a request.

    Attributes:
        method: In capitals.
        path: Decoded, from the slash on.
        query: Its pairs; the last of equal names counts.
        headers: By name in small letters.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """Whom it is meant for."""
        return self.headers.get("host", "")

    @property
    def length(self) -> int:
        """The bytes of its body.

        Raises:
            BadRequestError: It does not say, or not with a number.
        """
        text = self.headers.get("content-length", "")
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            raise BadRequestError(HTTPStatus.LENGTH_REQUIRED)
        return int(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer whose body is in memory.

    Attributes:
        status: Its status.
        media_type: Of the body.
        body: Its bytes.
    """

    status: HTTPStatus = HTTPStatus.OK
    media_type: str = "text/plain; charset=utf-8"
    body: bytes = b""


async def read_head(reader: asyncio.StreamReader) -> Request:
    """Read a request up to its empty line.

    Raises:
        BadRequestError: It is none, too long, or did not come in time.
    """
    try:
        async with asyncio.timeout(HEAD_TIMEOUT_S):
            head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise BadRequestError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
    except TimeoutError:
        raise BadRequestError(HTTPStatus.REQUEST_TIMEOUT) from None
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequestError(HTTPStatus.BAD_REQUEST)
    headers = (line.partition(":") for line in lines[1:] if line)
    url = _split(words[1])
    if not words[1].startswith("/"):
        raise BadRequestError(HTTPStatus.MISDIRECTED_REQUEST)  # meant for a proxy
    return Request(
        method=words[0],
        path=unquote(url.path, errors="strict"),
        query=dict(parse_qsl(url.query, keep_blank_values=True)),
        headers={name.strip().lower(): value.strip() for name, _, value in headers},
    )


async def read_body(reader: asyncio.StreamReader, request: Request, limit: int) -> bytes:
    """Read a body of at most ``limit`` bytes.

    Raises:
        BadRequestError: It is longer, does not say how long it is, or did not come in time.
    """
    if request.length > limit:
        raise BadRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await reader.readexactly(request.length)
    except TimeoutError:
        raise BadRequestError(HTTPStatus.REQUEST_TIMEOUT) from None


def response_head(status: HTTPStatus, media_type: str, length: int) -> bytes:
    """The head of an answer, with what makes a page isolated, so that it may use threads, and nothing cached."""
    lines = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Content-Type: {media_type}",
        f"Content-Length: {length}",
        "Cross-Origin-Opener-Policy: same-origin",
        "Cross-Origin-Embedder-Policy: require-corp",
        "Cross-Origin-Resource-Policy: same-origin",
        "X-Content-Type-Options: nosniff",
        "Cache-Control: no-store",
        "Connection: close",
        "",
        "",
    )
    return "\r\n".join(lines).encode("latin-1")


def _split(target: str) -> SplitResult:
    try:
        url = urlsplit(target)
        unquote(url.path, errors="strict")
    except ValueError:
        raise BadRequestError(HTTPStatus.BAD_REQUEST) from None
    return url
