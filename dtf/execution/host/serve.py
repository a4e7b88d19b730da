"""The host's side: hears orders and answers them, one at a time."""

import asyncio
import json
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator

from dtf.domain.codec import from_json, to_json
from dtf.domain.errors import BadInputError
from dtf.domain.outcome import Outcome
from dtf.execution.host.messages import Order, Report

_log = logging.getLogger(__name__)

#: The longest order, in bytes: a line without end must not fill the memory.
_LONGEST = 64 * 2**20

Handler = Callable[[Order], Report]
AsyncHandler = Callable[[Order], Awaitable[Report]]


def serve(descriptor: int, handle: Handler) -> None:
    """Answer orders until the guardian closes the connection; its time limits are the only ones.

    Args:
        descriptor: The socket that the guardian passed on.
        handle: Carries an order out. What it raises is answered as INFRA, and bad input as ERROR.
    """
    with socket.socket(fileno=descriptor) as connection:
        for line in _lines(connection):
            order = from_json(Order, json.loads(line))
            try:
                report = handle(order)
            except Exception as error:  # noqa: BLE001  # every order is answered
                report = failed(order, error)
            connection.sendall(_encoded(report))


async def serve_async(descriptor: int, handle: AsyncHandler) -> None:
    """Answer orders until the guardian closes the connection, each within its own time limit.

    Args:
        descriptor: The socket that the guardian passed on.
        handle: Carries an order out. What it raises is answered as INFRA, and bad input as ERROR. When the limit
            cancels it the answer is TIMEOUT, and the host is said to be of no more use. What the order allows after
            its limit is for what the handler has to do when it notices the limit itself.
    """
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=descriptor), limit=_LONGEST)
    try:
        while line := await reader.readline():
            order = from_json(Order, json.loads(line))
            writer.write(_encoded(await _carry_out(order, handle)))
            await writer.drain()
    except (BrokenPipeError, ConnectionResetError):
        _log.info("the guardian is gone")
    finally:
        writer.close()


def failed(order: Order, error: Exception) -> Report:
    """The answer to an order that raised something."""
    if isinstance(error, BadInputError):
        return Report(number=order.number, outcome=Outcome.ERROR, reason=str(error))
    _log.error("the order %r failed", order.do, exc_info=error)
    reason = f"the host failed: {type(error).__name__}: {error}"
    return Report(number=order.number, outcome=Outcome.INFRA, reason=reason, healthy=False)


async def _carry_out(order: Order, handle: AsyncHandler) -> Report:
    try:
        async with asyncio.timeout(order.time_limit_s + order.after_s) as limit:
            return await handle(order)
    except TimeoutError as error:
        if not limit.expired():
            return failed(order, error)
        reason = f"it took longer than {order.time_limit_s:g} s"
        return Report(number=order.number, outcome=Outcome.TIMEOUT, reason=reason, healthy=False)
    except Exception as error:  # noqa: BLE001  # every order is answered
        return failed(order, error)


def _lines(connection: socket.socket) -> Iterator[bytes]:
    with connection.makefile("rb") as stream:
        while line := stream.readline(_LONGEST):
            yield line


def _encoded(report: Report) -> bytes:
    return json.dumps(to_json(report)).encode() + b"\n"
