import asyncio
import json
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import psutil
from tornado.websocket import WebSocketClientConnection, websocket_connect

from dtf.dashboard.live.hub import MOST_WAITING
from dtf.storage.ledger import Ledger
from tests.integration.ledger.laboratory import Laboratory, command
from tests.support.dashboard import Served, embedded, serving

_T = TypeVar("_T")

READING, NOT_READING = 150, 50
#: So often it changes what those that do not read wait for, and how much of it, in bytes.
CHANGES, LENGTH = 160, 128 * 1024
#: By so much the process may grow, in bytes; were it kept for each of them what it has not read, it were 900 MB.
_MOST_GROWTH = 250 * 1024**2
_PATIENCE_S = 120


def _in_loop(served: Served, work: Callable[[], _T]) -> _T:
    """What something returns that is done in the dashboard's own thread."""
    done: Future[_T] = Future()
    served.application.io_loop.add_callback(lambda: done.set_result(work()))
    return done.result(_PATIENCE_S)


async def _open(served: Served, *topics: str) -> WebSocketClientConnection:
    """A socket that wants some topics; it takes nothing that it is not asked for."""
    opened = await websocket_connect(f"ws://127.0.0.1:{served.port}/ws")
    await opened.write_message(json.dumps({"type": "subscribe_to_monitoring", "topics": topics}))
    return opened


async def _hear(opened: WebSocketClientConnection, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The next message that is what is waited for."""
    async with asyncio.timeout(_PATIENCE_S):
        while (message := await opened.read_message()) is not None:
            told: dict[str, Any] = json.loads(message)
            if is_it(told):
                return told
    raise AssertionError("the socket was closed")


def _is_of(topic: str, word: str) -> Callable[[dict[str, Any]], bool]:
    return lambda told: told.get("topic") == topic and word in json.dumps(told)


def _most_waiting(served: Served) -> int:
    return _in_loop(served, lambda: max(len(one._waiting) for one in served.application.hub._listeners))


async def _crowd(served: Served, lab: Laboratory) -> None:
    slow = [await _open(served, "runs", "network") for _ in range(NOT_READING)]
    quick = [await _open(served, "runs") for _ in range(READING)]
    for one in quick:
        await _hear(one, lambda told: told.get("topic") == "runs" and "value" in told)
    assert _in_loop(served, lambda: served.application.hub.listeners) == READING + NOT_READING

    process, most = psutil.Process(), 0
    before = process.memory_info().rss
    for number in range(CHANGES):
        value = {"text": f"{number} " + "x" * LENGTH}
        _in_loop(served, lambda: served.application.hub.publish("network", value, 1.0))  # noqa: B023  # at once
        most = max(most, _most_waiting(served))
        await asyncio.sleep(0)
    assert most == MOST_WAITING, "those that do not read were not behind"
    grown = process.memory_info().rss - before
    assert grown < _MOST_GROWTH

    lab.submit(command())
    await asyncio.gather(*(_hear(one, _is_of("runs", lab.run_id)) for one in quick))
    assert _most_waiting(served) <= MOST_WAITING

    # one of those wakes: it is told all that it missed at once, and then what changes
    await _hear(slow[0], lambda told: told.get("topic") == "runs" and lab.run_id in told.get("value", {}))
    lab.submit(command())
    await _hear(slow[0], _is_of("runs", lab.run_id))
    for one in (*slow, *quick):
        # at once: the end of those that did not read would come when all that waits for them was sent
        stream = one.protocol and one.protocol.stream
        assert stream is not None
        one.close()
        stream.close()
    await asyncio.sleep(0.1)


def test_those_that_do_not_read_slow_nobody_and_cost_little(opened: Ledger, tmp_path: Path) -> None:
    """Of 200 sockets 50 take nothing: the others hear of a change, and what is kept for the 50 has a bound."""
    with serving(embedded(tmp_path / "state"), opened) as served:
        asyncio.run(_crowd(served, Laboratory(opened)))
