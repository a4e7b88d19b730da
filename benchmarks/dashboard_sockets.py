"""How soon 150 pages hear of a change while 50 others take nothing of what they are sent."""

import asyncio
import json
import random
import socket
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil
from tornado.websocket import WebSocketClientConnection, websocket_connect

from benchmarks.served import dashboard
from dtf.bootstrap.ledger import Ledger, current_ledger
from dtf.settings import Settings
from tests.integration.ledger.laboratory import Laboratory, command, worker

READING: Final = 150
NOT_READING: Final = 50
#: What a page that takes nothing asks to be told anew, so often: more than the system keeps for a socket.
ASKS: Final = 400
RUNS, _JOBS, _WORKERS = 60, 20, 40
_ESTABLISHED: Final = "01"


@dataclass(slots=True)
class _Change:
    """A run that was submitted.

    Attributes:
        run_id: Its id.
        written_at: When it was in the ledger, in seconds since the epoch.
        heard: By page: when it heard of it, and as of when that was.
    """

    run_id: str
    written_at: float
    heard: dict[int, tuple[float, float]] = field(default_factory=dict)


def _mute(port: int, topics: list[str]) -> socket.socket:
    """A page that asks and asks, and takes nothing."""
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.connect(("127.0.0.1", port))
    opened.sendall(
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    opened.sendall(_frame({"type": "subscribe_to_monitoring", "topics": topics}))
    return opened


def _frame(value: dict[str, Any]) -> bytes:
    """A text frame of a client's (RFC 6455), of 126 bytes or more; its mask is zeros."""
    text = json.dumps(value).encode().ljust(126)
    return b"\x81\xfe" + len(text).to_bytes(2, "big") + bytes(4) + text


def _untaken(port: int, pages: list[socket.socket]) -> list[int]:
    """How many bytes the dashboard has sent to each that are not taken, as the system tells."""
    remote = {page.getsockname()[1] for page in pages}
    found = []
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, other, state, queues, *_ = line.split()
        if state == _ESTABLISHED and int(local[-4:], 16) == port and int(other[-4:], 16) in remote:
            found.append(int(queues.partition(":")[0], 16))
    return found


async def _reader(page: int, opened: WebSocketClientConnection, changes: dict[str, _Change]) -> None:
    while (message := await opened.read_message()) is not None:
        now = time.time()
        for run_id, change in changes.items():
            if page not in change.heard and run_id in message:
                change.heard[page] = now, json.loads(message)["as_of"]


async def _measured(port: int, ledger: Ledger, topics: list[str], count: int, seed: int) -> dict[str, Any]:
    lab, draw = Laboratory(ledger), random.Random(seed)
    mute = [_mute(port, topics) for _ in range(NOT_READING)]
    changes: dict[str, _Change] = {}
    pages = [await websocket_connect(f"ws://127.0.0.1:{port}/ws") for _ in range(READING)]
    for page in pages:
        await page.write_message(json.dumps({"type": "subscribe_to_monitoring", "topics": ["runs"]}))
    readers = [asyncio.create_task(_reader(number, page, changes)) for number, page in enumerate(pages)]
    for _ in range(ASKS):
        for one in mute:
            one.sendall(_frame({"type": "request_monitoring_update", "topics": topics}))
        await asyncio.sleep(0.02)
    for _ in range(count):
        await asyncio.sleep(1.0 + draw.random())  # looks come once a second: anywhere between two of them
        await asyncio.to_thread(lab.submit, command())
        changes[lab.run_id] = _Change(run_id=lab.run_id, written_at=time.time())
    await asyncio.sleep(5.0)
    for reader in readers:
        reader.cancel()
    untaken = _untaken(port, mute)
    return {
        "from_ledger_s": [at - one.written_at for one in changes.values() for at, _ in one.heard.values()],
        "from_look_s": [at - seen for one in changes.values() for at, seen in one.heard.values()],
        "missed": sum(READING - len(one.heard) for one in changes.values()),
        "untaken_bytes": untaken,
    }


def measure(count: int, seed: int = 1) -> dict[str, Any]:
    """The delays of some changes, in seconds, and what the dashboard cost meanwhile.

    Args:
        count: So many changes.
        seed: Of the pauses between them.
    """
    with ExitStack() as opened:
        state_dir = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="dtf-bench-")))
        ledger = current_ledger(Settings(state_dir=state_dir))
        opened.callback(ledger.close)
        lab = Laboratory(ledger)
        for number in range(_WORKERS):
            ledger.workers.register(worker(f"w{number}"))
        for _ in range(RUNS):
            lab.submit(*(command(f"command {number}") for number in range(_JOBS)))
        process, port = opened.enter_context(dashboard({"DTF_STATE_DIR": str(state_dir)}))
        watched = psutil.Process(process.pid)
        before, began = watched.cpu_times(), time.perf_counter()
        told = asyncio.run(_measured(port, ledger, ["tasks", "runs", "workers", "network"], count, seed))
        after = watched.cpu_times()
        told["cpu_s"] = after.user + after.system - before.user - before.system
        told["wall_s"] = time.perf_counter() - began
        told["rss_mib"] = watched.memory_info().rss / 2**20
    return told


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
