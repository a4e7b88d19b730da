import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from dtf.domain.source import Source, SourceKind
from dtf.domain.worker import WorkerInfo
from tests.support.valkey import Valkey, running_valkey

WORKER = WorkerInfo(worker_id="w1", name="w1@lab", host="lab", fingerprint="f", pid=1, queues=("cpu",), slots=2)
SOURCE = Source(kind=SourceKind.PATH, location="/suite")
ROOT = Path(__file__).parents[3]


class Start(Protocol):
    """Starts a coordinator process."""

    def __call__(self, name: str, lease_s: float = 10.0) -> "subprocess.Popen[bytes]":
        """Start one under a name."""
        ...


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A broker."""
    with running_valkey(tmp_path) as server:
        yield server


@pytest.fixture
def start(ledger_url: str, valkey: Valkey, tmp_path: Path) -> Iterator[Start]:
    """Start coordinators that end with the test; their logs are ``NAME.log`` in ``tmp_path``."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(name: str, lease_s: float = 10.0) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.support.coordinator_main", ledger_url, valkey.url, name, str(lease_s)]
        with (tmp_path / f"{name}.log").open("wb") as log:
            started.append(subprocess.Popen(command, cwd=ROOT, stderr=log))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()


def wait_for(claim: Callable[[], object], within_s: float = 60.0) -> float:
    """Wait until a claim holds; return how long it took."""
    begin = time.monotonic()
    while not claim():
        assert time.monotonic() - begin < within_s, f"not within {within_s} s"
        time.sleep(0.05)
    return time.monotonic() - begin
