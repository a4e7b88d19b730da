"""A server on loopback that answers everything with an empty page, for one look."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
_BODY = b"<!doctype html><title>look</title>"


@asynccontextmanager
async def served() -> AsyncIterator[str]:
    """Listen on a free port for as long as the block lasts; gives the address of a page."""
    opened: set[asyncio.StreamWriter] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):  # browsers open more connections than they use
            await reader.readuntil(b"\r\n\r\n")
            writer.write(_HEAD % len(_BODY) + _BODY)
            await writer.drain()
        opened.discard(writer)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/look.html"
    finally:
        server.close()
        for writer in opened:
            writer.transport.abort()
