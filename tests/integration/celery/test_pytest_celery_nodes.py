from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_celery.api.base import CeleryTestNode

from dtf.storage.hints import CeleryHints
from tests.support.celery_worker import wait_for
from tests.support.pytest_celery_nodes import BrokerContainer, WorkerContainer, node
from tests.support.valkey import Valkey

Cluster = tuple[CeleryTestNode, list[CeleryTestNode]]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A broker and two workers of one slot each."""
    broker = BrokerContainer(Valkey(tmp_path))
    nodes = [node(broker)]
    try:
        nodes += [node(WorkerContainer(name, tmp_path / name, broker, "-c", "1")) for name in ("one", "two")]
        yield nodes[0], nodes[1:]
    finally:
        for made in reversed(nodes):  # pytest-celery's cluster does not tear its nodes down
            made.teardown()


def _answered(workers: list[CeleryTestNode]) -> list[str]:
    return [shard for made in workers for shard in made.container.worker.answered()]


def _hints(broker: CeleryTestNode) -> CeleryHints:
    return CeleryHints(broker.config()["url"])


def test_both_workers_share_the_queue(cluster: Cluster) -> None:
    """Hints that take time spread over the workers: neither reserves what it cannot run."""
    broker, workers = cluster
    hints = _hints(broker)
    for number in range(8):
        hints.send_shard("cpu", f"s300x{number}")
    wait_for(lambda: len(_answered(workers)) == 8, workers[0].logs)
    hints.close()
    assert min(len(made.container.worker.answered()) for made in workers) >= 3


def test_a_killed_worker_comes_back(cluster: Cluster) -> None:
    """After kill -9 the other worker goes on alone, and the restarted one takes work again."""
    broker, workers = cluster
    hints = _hints(broker)
    workers[0].kill()
    hints.send_shard("cpu", "salone")
    wait_for(lambda: "salone" in _answered(workers[1:]), workers[1].logs)
    workers[0].restart()
    workers[0].ready()
    for number in range(6):
        hints.send_shard("cpu", f"s300x{number}")
    wait_for(lambda: len(_answered(workers)) == 7, workers[0].logs)
    hints.close()
    assert workers[0].container.worker.answered()


def test_a_killed_broker_comes_back(cluster: Cluster) -> None:
    """After kill -9 of the broker and a restart both workers serve the empty one."""
    broker, workers = cluster
    broker.kill()
    broker.restart()
    hints = _hints(broker)
    for number in range(6):
        hints.send_shard("cpu", f"s400x{number}")
    wait_for(lambda: len(_answered(workers)) == 6, workers[0].logs)
    hints.close()
    for made in workers:
        made.assert_log_exists("Connection to broker lost", timeout=60)
        assert made.container.worker.answered()
