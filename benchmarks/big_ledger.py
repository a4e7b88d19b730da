"""Fills a Postgres ledger with 100,000 jobs and 1,000,000 cases, and times what the dashboard reads of it.

``python benchmarks/big_ledger.py`` starts a Postgres of its own in a folder below /tmp; ``--url`` names an empty
database in its place. Each question is put several times; the median and the slowest are told, in milliseconds.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

sys.path.insert(0, str(Path(__file__).parents[1]))

from dtf.domain.ports.listing import Question
from dtf.storage.ledger import Ledger, open_ledger
from dtf.storage.migrate import migrate
from tests.support.postgres import PostgresCluster

RUNS, OPEN_RUNS = 200, 2
#: A job of a hundred fails; the others pass.
FAILS_EVERY = 100

_FILL = """
INSERT INTO workers (worker_id, state, slots, pid, registered_at, seen_at, name, host, fingerprint, version,
    memory_bytes, cpu_count, queues, tags, load)
SELECT 'w' || n, CASE WHEN n <= 20 THEN 'online' ELSE 'offline' END, 4, 1, :now, :now, 'dtf@w' || n, 'h', 'f', '0',
    0, 4, '["cpu"]', '[]', NULL FROM generate_series(1, 40) n;
INSERT INTO runs (run_id, created_at, started_at, finished_at, outcome, jobs, name, labels)
SELECT 'r' || lpad(r::text, 6, '0'), :now - (:runs - r) * 3600, :now - (:runs - r) * 3600 + 1,
    CASE WHEN r <= :runs - :open THEN :now - (:runs - r) * 3600 + 3000 END,
    CASE WHEN r <= :runs - :open THEN 'failed' END, :per, 'suite of night ' || r, '{"branch":"main"}'
FROM generate_series(1, :runs) r;
INSERT INTO jobs (job_id, run_id, position, state, kind, hardware, priority, created_at, started_at, finished_at,
    outcome, expected, cases_passed, cases_failed, name, spec)
SELECT 'j' || lpad(((r - 1) * :per + p)::text, 8, '0'), 'r' || lpad(r::text, 6, '0'), p,
    CASE WHEN over THEN 'finished' ELSE 'running' END, 'pytest',
    (ARRAY['cpu', 'cuda', 'rocm', 'webgpu'])[1 + p % 4], p % 11, at, CASE WHEN over OR p % 10 = 0 THEN at + 1 END,
    CASE WHEN over THEN at + 60 END, CASE WHEN over THEN CASE WHEN p % :fails = 0 THEN 'failed' ELSE 'passed' END END,
    10, CASE WHEN over THEN CASE WHEN p % :fails = 0 THEN 9 ELSE 10 END ELSE 0 END,
    CASE WHEN over AND p % :fails = 0 THEN 1 ELSE 0 END,
    'operator ' || md5(p::text) || ' of tests/suite_' || p || '.py',
    '{"name":"x","work":{"type":"pytest","paths":["' || repeat(md5(p::text), 16) || '"],"environment":{}}}'
FROM generate_series(1, :runs) r, generate_series(1, :per) p,
    LATERAL (SELECT r <= :runs - :open AS over, :now - (:runs - r) * 3600 + p * 0.001 AS at) x;
INSERT INTO shards (shard_id, job_id, run_id, queue, kind, state, priority, rank, attempt, queued_at, finished_at,
    worker_id, slot, outcome, cases, ordinals, lease_until, claimed_at)
SELECT 's' || substr(job_id, 2), job_id, run_id, hardware, 'run',
    CASE WHEN state = 'finished' THEN 'finished' WHEN started_at IS NOT NULL THEN 'claimed' ELSE 'queued' END,
    priority, 0, CASE WHEN started_at IS NULL THEN 0 ELSE 1 END, created_at, finished_at, 'w' || 1 + position % 20, 0,
    outcome, 10, '[[0,10]]', created_at + 30, started_at FROM jobs;
INSERT INTO attempts (shard_id, attempt, job_id, run_id, worker_id, slot, claimed_at, recorded_at, outcome, started_at,
    duration_s, cpu_s, cases, proof)
SELECT shard_id, 1, job_id, run_id, worker_id, 0, claimed_at, finished_at, outcome, claimed_at, 59, 40, 10, '{}'
FROM shards WHERE attempt = 1;
INSERT INTO cases (job_id, ordinal, shard_id, attempt, outcome, phase, duration_s, started_at, crashes, nodeid,
    message, details, output)
SELECT s.job_id, n, s.shard_id, 1, CASE WHEN s.outcome = 'failed' AND n = 0 THEN 'failed' ELSE 'passed' END, 'call',
    random(), s.claimed_at, 0, 'tests/suite.py::test_' || n || '[' || md5(s.job_id) || ']', '', '',
    repeat('x', 200)
FROM shards s, generate_series(0, 9) n WHERE s.state = 'finished';
INSERT INTO devices (worker_id, position, kind, uuid, state, simulated, name, reason, details)
SELECT 'w' || w, d, CASE d WHEN 0 THEN 'cpu' ELSE 'cuda' END, 'uuid-' || w || '-' || d, 'available', false,
    CASE d WHEN 0 THEN 'a CPU' ELSE 'a GPU' END, '', '{}' FROM generate_series(1, 40) w, generate_series(0, 2) d;
INSERT INTO coordinators (holder, host, pid, started_at, seen_at) VALUES ('c1', 'h', 1, :now, :now);
INSERT INTO recoveries (at, time_s, resource_s, level, impact, attempt, succeeded, stable, job_recovered, hardware,
    name, failure, action, worker_id, shard_id, reason)
SELECT :now - 600 + n * 0.1, 2, 3, 1, 0, 1, n % 5 > 0, NULL, n % 5 > 0, 'cpu', 'dtf@w' || n % 20, 'crash', 'retry',
    'w' || n % 20, 's00000001', '' FROM generate_series(1, 5000) n;
INSERT INTO samples (series, resolution_s, at, mean, low, high, count)
SELECT name, step, floor(:now / step) * step - n * step, 50 + 40 * sin(n / 50.0), 0, 100, 1
FROM (VALUES (10, 360), (60, 1440), (900, 2880)) r(step, kept), LATERAL generate_series(1, kept) n, (
    SELECT 'worker/w' || w || '/' || field AS name
    FROM generate_series(1, 20) w, unnest(ARRAY['cpu_percent', 'memory_percent', 'busy_slots']) field
    UNION ALL SELECT unnest(ARRAY['health/score', 'jobs/waiting', 'jobs/running', 'queue/cpu/queued'])
) names;
"""


def fill(ledger: Ledger, jobs: int) -> None:
    """Write the rows, and have Postgres know what there is."""
    values = {"runs": RUNS, "per": jobs // RUNS, "open": OPEN_RUNS, "fails": FAILS_EVERY, "now": time.time()}
    for statement in _FILL.split(";")[:-1]:
        told = sa.text(statement)
        names = set(told.compile().params)
        chosen = {name: value for name, value in values.items() if name in names}
        ledger.database.write(partial(_write, told, chosen))
    ledger.database.read(lambda connection: connection.exec_driver_sql("VACUUM ANALYZE"))


def _write(statement: sa.TextClause, values: dict[str, float], connection: Connection) -> None:
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.execute(statement, values)


def questions(runs: int, jobs: int) -> dict[str, Question]:
    """What the pages ask."""
    run, job = f"r{runs // 2:06d}", f"j{jobs // 2:08d}"
    return {
        "runs": Question(resource="runs"),
        "runs by name": Question(resource="runs", sort="name"),
        "jobs": Question(resource="jobs"),
        "jobs by priority": Question(resource="jobs", sort="-priority"),
        "jobs by name": Question(resource="jobs", sort="name"),
        "jobs waiting": Question(resource="jobs", filters={"status": "waiting"}),
        "jobs running": Question(resource="jobs", filters={"status": "running"}),
        "jobs failed": Question(resource="jobs", filters={"status": "failed"}),
        "jobs timed out (none)": Question(resource="jobs", filters={"status": "timeout"}),
        "jobs failed, by outcome": Question(resource="jobs", filters={"outcome": "failed"}),
        "jobs timed out (none), by outcome": Question(resource="jobs", filters={"outcome": "timeout"}),
        "jobs of state running": Question(resource="jobs", filters={"state": "running"}),
        "jobs on rocm": Question(resource="jobs", filters={"hardware": "rocm"}),
        "jobs on mps (none)": Question(resource="jobs", filters={"hardware": "mps"}),
        "jobs failed on rocm": Question(resource="jobs", filters={"hardware": "rocm", "outcome": "failed"}),
        "jobs searched": Question(resource="jobs", filters={"search": "suite_77"}),
        "jobs searched (none)": Question(resource="jobs", filters={"search": "nowhere"}),
        "jobs of a run": Question(resource="jobs", filters={"run_id": run}),
        "failed jobs of a run": Question(resource="jobs", filters={"run_id": run, "outcome": "failed"}),
        "shards": Question(resource="shards"),
        "shards of a run": Question(resource="shards", filters={"run_id": run}),
        "shards of a job": Question(resource="shards", filters={"job_id": job}),
        "shards waiting": Question(resource="shards", filters={"state": "queued"}),
        "attempts": Question(resource="attempts"),
        "attempts of a run": Question(resource="attempts", filters={"run_id": run}),
        "attempts of a job": Question(resource="attempts", filters={"job_id": job}),
        "attempts of a worker": Question(resource="attempts", filters={"worker_id": "w7"}),
        "cases": Question(resource="cases"),
        "cases of a run": Question(resource="cases", filters={"run_id": run}),
        "failed cases of a run": Question(resource="cases", filters={"run_id": run, "outcome": "failed,error"}),
        "slowest cases of a run": Question(resource="cases", filters={"run_id": run}, sort="-duration_s"),
        "cases of a job": Question(resource="cases", filters={"job_id": job}),
        "cases of a run searched": Question(resource="cases", filters={"run_id": run, "search": "test_3"}),
        "workers": Question(resource="workers"),
        "devices": Question(resource="devices"),
        "artifacts of a run": Question(resource="artifacts", filters={"run_id": run}),
    }


def timed(work: Callable[[], object], times: int) -> tuple[float, float]:
    """The median and the slowest of some calls, in milliseconds."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took), max(took)


def measure(ledger: Ledger, jobs: int, times: int) -> None:
    """Print how long each question takes."""
    print(f"{'what':36} {'median ms':>10} {'slowest ms':>10}")
    for name, question in questions(RUNS, jobs).items():
        median, slowest = timed(partial(ledger.listing.page, question), times)
        print(f"{name:36} {median:10.1f} {slowest:10.1f}", flush=True)
    first = ledger.listing.page(Question(resource="jobs", limit=500))
    for _ in range(20):
        first = ledger.listing.page(Question(resource="jobs", limit=500, after=first.following))
    deep = Question(resource="jobs", after=first.following)
    for name, work in (
        ("jobs, 10,500 rows on", lambda: ledger.listing.page(deep)),
        ("moment()", ledger.monitor.moment),
    ):
        median, slowest = timed(work, times)
        print(f"{name:36} {median:10.1f} {slowest:10.1f}", flush=True)


def main() -> None:
    """Fill and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="an empty Postgres database; without one a Postgres is started")
    parser.add_argument("--jobs", type=int, default=100_000, help="so many jobs, with 10 cases each [%(default)s]")
    parser.add_argument("--times", type=int, default=7, help="so often each question is put [%(default)s]")
    parser.add_argument("--filled", action="store_true", help="the database of --url is one that was filled before")
    given = parser.parse_args()
    cluster = None if given.url else PostgresCluster()
    url = given.url or cluster.url(cluster.create())  # type: ignore[union-attr]  # one of the two is there
    ledger = open_ledger(url)
    try:
        migrate(url)
        if not given.filled:
            began = time.perf_counter()
            fill(ledger, given.jobs)
            print(f"{given.jobs} jobs and {10 * given.jobs} cases written in {time.perf_counter() - began:.0f} s")
        measure(ledger, given.jobs, given.times)
    finally:
        ledger.close()
        if cluster is not None:
            cluster.stop()


if __name__ == "__main__":
    main()
