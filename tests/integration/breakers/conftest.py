from collections.abc import Iterator

import pytest

from tests.support.breaker_worker import BreakerWorker
from tests.support.valkey import running_valkey


@pytest.fixture(scope="session")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BreakerWorker]:
    """One worker of a plain Celery application over a real server, for all tests."""
    directory = tmp_path_factory.mktemp("breakers")
    with running_valkey(directory) as valkey:
        worker = BreakerWorker(directory, valkey)
        worker.start()
        try:
            yield worker
        finally:
            worker.end()
