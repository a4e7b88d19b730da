import itertools
from collections.abc import Iterator

import pytest
from pytest_celery.api.base import CeleryTestNode

from dtf.storage.hints import CeleryHints
from tests.support.celery_worker import wait_for
from tests.support.pytest_celery_nodes import BrokerContainer, WorkerContainer, nodes
from tests.support.valkey import Valkey

_NUMBERS = itertools.count()


class Cluster:
    """A broker and two workers of one slot each; they come back from what a test does to them."""

    def __init__(self, broker: CeleryTestNode, workers: list[CeleryTestNode]) -> None:
        self.broker = broker
        self.workers = workers

    def send(self, *milliseconds: int) -> list[str]:
        """Send a hint for a shard that takes so long, for each; return the shards."""
        shards = [f"s{time}x{next(_NUMBERS)}" for time in milliseconds]
        hints = CeleryHints(self.broker.config()["url"])
        for shard in shards:
            hints.send_shard("cpu", shard)
        hints.close()
        return shards

    def ran(self, worker: CeleryTestNode, shards: list[str]) -> int:
        """How many of the shards a worker ran."""
        return len(set(worker.container.worker.answered()) & set(shards))

    def await_all(self, shards: list[str]) -> None:
        """Wait until all have run."""
        wait_for(lambda: sum(self.ran(worker, shards) for worker in self.workers) == len(shards), self.workers[0].logs)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One for all the tests of this module."""
    directory = tmp_path_factory.mktemp("cluster")
    broker = BrokerContainer(Valkey(directory))
    workers = [WorkerContainer(name, directory / name, broker, "-c", "1") for name in ("one", "two")]
    try:
        (ready,) = nodes(broker)
        yield Cluster(ready, nodes(*workers))
    finally:
        for container in (*workers, broker):  # pytest-celery's cluster does not tear its nodes down
            container.teardown()


def test_both_workers_share_the_queue(cluster: Cluster) -> None:
    """Hints that take time spread over the workers: neither reserves what it cannot run."""
    shards = cluster.send(*[300] * 8)
    cluster.await_all(shards)
    assert min(cluster.ran(worker, shards) for worker in cluster.workers) >= 2


def test_a_killed_worker_comes_back(cluster: Cluster) -> None:
    """After kill -9 the other worker goes on alone, and the restarted one takes work again."""
    killed, other = cluster.workers
    killed.kill()
    alone = cluster.send(0)
    wait_for(lambda: cluster.ran(other, alone), other.logs)
    killed.restart()
    killed.ready()
    shards = cluster.send(*[300] * 6)
    cluster.await_all(shards)
    assert cluster.ran(killed, shards)


def test_a_killed_broker_comes_back(cluster: Cluster) -> None:
    """After kill -9 of the broker and a restart both workers serve the empty one."""
    cluster.broker.kill()
    cluster.broker.restart()
    shards = cluster.send(*[400] * 6)
    cluster.await_all(shards)
    for worker in cluster.workers:
        worker.assert_log_exists("Connection to broker lost", timeout=60)
        assert cluster.ran(worker, shards)
