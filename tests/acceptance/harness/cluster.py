"""A configured cluster on this host: a private Postgres, a broker, a coordinator and workers."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dtf.storage.migrate import migrate
from tests.acceptance.harness.place import DTF, Place, Started, until
from tests.acceptance.test_two_terminals import online
from tests.support.postgres import PostgresCluster
from tests.support.valkey import Valkey, running_valkey


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A configured cluster.

    Attributes:
        place: Where its commands work.
        postgres: Its database server, which only this cluster uses.
        valkey: Its broker.
        coordinator: Its only coordinator.
        workers: Its workers, one slot each.
    """

    place: Place
    postgres: PostgresCluster
    valkey: Valkey
    coordinator: Started
    workers: tuple[Started, ...]


@contextmanager
def running_cluster(directory: Path, settings: Mapping[str, str], workers: int = 2) -> Iterator[Cluster]:
    """A cluster that ends with the block.

    Raises:
        PostgresMissingError: There are no Postgres binaries here.
    """
    postgres = PostgresCluster()
    try:
        with running_valkey(directory) as valkey:
            url = postgres.url(postgres.create())
            migrate(url)
            place = Place(directory, DTF_BROKER_URL=valkey.url, DTF_DATABASE_URL=url, **settings)
            try:
                yield _start(place, postgres, valkey, workers)
            finally:
                place.kill_all()
    finally:
        postgres.stop()


def _start(place: Place, postgres: PostgresCluster, valkey: Valkey, workers: int) -> Cluster:
    coordinator = place.start(DTF, "coordinator")
    names = [f"worker{number}" for number in range(workers)]
    started = tuple(place.start(DTF, "worker", "--concurrency", "1", "--name", name) for name in names)
    said = "".join(worker.said for worker in started)
    assert until(lambda: online(place) == workers, 60, every_s=0.5), said
    return Cluster(place=place, postgres=postgres, valkey=valkey, coordinator=coordinator, workers=started)
