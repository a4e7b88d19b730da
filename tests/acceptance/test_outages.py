"""The database or the broker is away for a while, in the middle of a run of a configured cluster."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.harness.cluster import Cluster, running_cluster
from tests.acceptance.harness.place import DTF, Started, until
from tests.acceptance.harness.suites import Suite, mixed_suite
from tests.acceptance.test_two_terminals import task_file

#: Leases that run out while the database is away: those who held them must not be given up for that.
SETTINGS = {"DTF_LEASE_S": "5", "DTF_POLL_S": "1"}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Two workers with one slot each."""
    with running_cluster(tmp_path, SETTINGS) as running:
        yield running


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """160 tests, a quarter of a minute of work for two slots."""
    return mixed_suite(tmp_path / "suite", seconds=0.2)


def begun(cluster: Cluster, suite: Suite) -> Started:
    """A run in the middle of its work."""
    command = cluster.place.start(DTF, "run", str(suite.path), "--json")
    assert until(lambda: len(suite.started()) > 25, 90), command.said
    return command


def audited(cluster: Cluster, suite: Suite, command: Started) -> dict[str, Any]:
    """The audit of a run that must end by itself with its counts."""
    done = command.wait(180)
    assert done.status == 1, done.err[-3000:]
    assert suite.counts_equal(done.answer["counts"])
    audit: dict[str, Any] = cluster.place.dtf("audit", done.answer["run_id"], "--json").answer
    assert audit["ok"], audit
    assert (audit["lost"], audit["duplicated"]) == (0, 0)
    return audit


def test_the_database_is_killed_and_back_after_ten_seconds(cluster: Cluster, suite: Suite) -> None:
    """Submit is refused meanwhile, the command waits and says so, and nothing that was finished is run again."""
    command = begun(cluster, suite)
    cluster.postgres.kill()
    down_at = time.monotonic()
    refused = cluster.place.dtf("submit", "--task-file", task_file(cluster.place.directory))
    assert refused.status == 10
    assert "the database cannot be reached" in refused.err
    assert "Traceback" not in refused.err
    time.sleep(max(0.0, 10.0 - (time.monotonic() - down_at)))
    cluster.postgres.start()
    audit = audited(cluster, suite, command)
    assert audit["stale_results"] == 0
    assert "trying for another" in command.said
    assert "the database is back" in command.said
    assert set(suite.started().values()) == {1}
    for process in (cluster.coordinator, *cluster.workers):
        assert process.running
        assert "Traceback" not in process.said


def test_the_broker_forgets_everything(cluster: Cluster, suite: Suite) -> None:
    """After FLUSHALL the same server goes on without the hints: the run ends by itself."""
    command = begun(cluster, suite)
    cluster.valkey.client.flushall()
    audited(cluster, suite, command)
    assert set(suite.started().values()) == {1}


def test_the_broker_is_killed_and_back_empty_after_five_seconds(cluster: Cluster, suite: Suite) -> None:
    """The workers find the new server, the hints are sent again, and the run ends by itself."""
    command = begun(cluster, suite)
    cluster.valkey.kill()
    time.sleep(5.0)
    cluster.valkey.start()
    audited(cluster, suite, command)
    assert set(suite.started().values()) == {1}


def test_a_worker_that_starts_without_a_database_waits_for_it(cluster: Cluster) -> None:
    """It says that it waits, and takes work when the database is there."""
    cluster.postgres.kill()
    worker = cluster.place.start(DTF, "worker", "--concurrency", "1", "--name", "late")
    assert until(lambda: "the worker takes no work yet" in worker.said, 60), worker.said
    time.sleep(25.0)
    assert worker.running, worker.said
    assert "Traceback" not in worker.said
    cluster.postgres.start()
    assert until(lambda: "late" in cluster.place.dtf("workers").out, 60, every_s=0.5), worker.said
