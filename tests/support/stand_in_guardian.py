"""A stand-in for the guardian: the same launch contract, a protocol of its own, and it runs nothing.

It stands in where the Celery side alone is tested. A shard's id such as ``s500xabc`` makes it wait for 500 ms
before it answers.
"""

import argparse
import contextlib
import json
import os
import re
import select
import socket
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from dtf.domain.outcome import Outcome

LOG_VARIABLE = "STAND_IN_GUARDIAN_LOG"


@dataclass(frozen=True)
class Answer:
    """What the stand-in answers."""

    claimed: bool
    outcome: Outcome | None
    attempts: int = 1
    ran: tuple[str, ...] = ()
    reason: str = ""
    unserved: bool = False


class StandInClient:
    """Asks the stand-in."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def run_shard(self, shard_id: str, task_id: str, queue: str) -> Answer:
        self._ask({"run": shard_id, "task": task_id, "queue": queue})
        return Answer(claimed=True, outcome=Outcome.PASSED)

    def prepare(self, job_id: str, queue: str) -> None:
        self._ask({"prepare": job_id, "queue": queue})

    def drain(self) -> None:
        self._ask({"drain": True})

    def status(self) -> None:
        self._ask({"status": True})

    def announce(self, announcement: dict[str, object]) -> None:
        """Have it say something to its worker."""
        self._ask({"say": announcement})

    def _ask(self, question: dict[str, object]) -> None:
        with self._connect() as connection:
            connection.sendall(json.dumps(question).encode() + b"\n")
            if not connection.recv(1):
                raise ConnectionResetError("the guardian is gone")

    def _connect(self) -> socket.socket:
        """Connect, waiting for a guardian that is being restarted, as the real client does."""
        deadline = time.monotonic() + 60
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self._path))
            except OSError:
                connection.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return connection


def _answer(connection: socket.socket, log: Path) -> None:
    with connection, connection.makefile("rb") as lines:
        question = json.loads(lines.readline())
        if "say" in question:
            print(json.dumps(question["say"]), flush=True)  # noqa: T201  # what the worker listens to
            connection.sendall(b"\n")
            return
        note(log, "asked", question)
        wait = re.match(r"s(\d+)x", str(question.get("run", "")))
        time.sleep(int(wait.group(1)) / 1000 if wait else 0)
        note(log, "answered", question)
        connection.sendall(b"\n")


def note(log: Path, event: str, data: object) -> None:
    """Add a line to the log."""
    with log.open("a") as file:
        file.write(json.dumps({"event": event, "pid": os.getpid(), "data": data}) + "\n")


def main() -> None:
    """Listen until the worker is gone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--worker-pid", type=int, required=True)
    options = parser.parse_args()
    log = Path(os.environ[LOG_VARIABLE])
    note(log, "started", json.loads(sys.stdin.readline()))
    options.socket.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(options.socket))
        listener.listen(64)
        threading.Thread(target=_end_with, args=(options.worker_pid,), daemon=True).start()
        print("ready", flush=True)  # noqa: T201  # the launch contract
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_answer, args=(connection, log), daemon=True).start()


def _end_with(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        select.select([os.pidfd_open(pid)], [], [])
    os._exit(0)


if __name__ == "__main__":
    main()
