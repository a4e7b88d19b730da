from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dtf.storage.hints import CeleryHints
from tests.support.celery_worker import CeleryWorker
from tests.support.valkey import Valkey, running_valkey

StartWorker = Callable[..., CeleryWorker]


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A real broker."""
    with running_valkey(tmp_path) as server:
        yield server


@pytest.fixture
def start_worker(tmp_path: Path, valkey: Valkey) -> Iterator[StartWorker]:
    """Start workers that end with the test; the first is ready when it is returned."""
    workers: list[CeleryWorker] = []

    def start(*options: str, ready: bool = True, **environment: str) -> CeleryWorker:
        directory = tmp_path / f"w{len(workers)}"
        directory.mkdir()
        worker = CeleryWorker(directory, valkey.url, *options, environment=environment)
        workers.append(worker)
        worker.start()
        if ready:
            worker.ready()
        return worker

    yield start
    for worker in workers:
        worker.end()


@pytest.fixture
def hints(valkey: Valkey) -> Iterator[CeleryHints]:
    """A sender of hints."""
    sender = CeleryHints(valkey.url)
    yield sender
    sender.close()
