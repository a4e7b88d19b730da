"""How long the ledger's steps take, over SQLite and Postgres.

Run ``python -m benchmarks.ledger`` from the repository's root; ``--jobs 100000`` fills the queue first. Each figure is
the median over its rounds, in milliseconds, one client, a fresh database. Postgres runs on this machine with fsync off
(the tests' private cluster), so its figures lack the disk's part of a commit; SQLite's are as in use.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dtf.domain.ports.shards import Held
from dtf.storage.ledger import open_ledger
from dtf.storage.migrate import migrate
from tests.integration.ledger.laboratory import Laboratory, cases, command, result
from tests.support.postgres import PostgresCluster


@contextmanager
def _databases() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        cluster = PostgresCluster()
        try:
            yield {"sqlite": f"sqlite:///{Path(folder) / 'l.db'}", "postgres": cluster.url(cluster.create())}
        finally:
            cluster.stop()


def _median_ms(step: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        step()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


def _measure(url: str, jobs: int, rounds: int) -> dict[str, float]:
    migrate(url)
    lab = Laboratory(open_ledger(url))
    figures = {"waiting, nothing queued": _median_ms(lambda: lab.ledger.control.waiting(50), rounds)}
    begun = time.perf_counter()
    lab.submit(*(command(f"c{n}") for n in range(jobs)))
    figures[f"submit {jobs} jobs"] = (time.perf_counter() - begun) * 1000
    figures[f"waiting, {jobs} queued"] = _median_ms(lambda: lab.ledger.control.waiting(50), rounds)
    figures["settle (safety net)"] = _median_ms(lambda: lab.ledger.control.settle(lab.lead()), rounds)
    ids = iter([shard.shard_id for shard in lab.ledger.control.waiting(2 * rounds)])
    figures["claim + record, command"] = _median_ms(lambda: lab.record(result(lab.claim(next(ids)))), rounds)
    held = lab.claim(next(ids))
    beat = [Held(shard_id=held.shard_id, attempt=1)]
    figures["renew"] = _median_ms(lambda: lab.ledger.shards.renew("w1", beat, 30), rounds)
    figures["run view"] = _median_ms(lambda: lab.ledger.views.run(lab.run_id), rounds)
    lab.ledger.submissions.cancel_run(lab.run_id, "make room")
    shards = [lab.claim(shard_id) for shard_id in lab.plan(*[500] * rounds)]
    results = iter([result(shard, cases=cases(shard)) for shard in shards])
    figures["record, 500 cases"] = _median_ms(lambda: lab.record(next(results)), rounds)
    figures["audit facts, all cases"] = _median_ms(lambda: lab.ledger.views.audit(lab.run_id), 3)
    lab.ledger.close()
    return figures


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2_000, help="command jobs in the queue")
    parser.add_argument("--rounds", type=int, default=30)
    arguments = parser.parse_args()
    with _databases() as urls:
        found = {name: _measure(url, arguments.jobs, arguments.rounds) for name, url in urls.items()}
    for step in found["sqlite"]:
        print(f"{step:32}" + "".join(f"{name} {figures[step]:10.2f} ms   " for name, figures in found.items()))


if __name__ == "__main__":
    main()
