"""The guardian as a process: its parts put together, and its exit status."""

import asyncio
import warnings
from collections.abc import Mapping, Sequence

from dtf.breakers.client import Breakers
from dtf.domain.ports.blobs import Blobs
from dtf.domain.ports.executor import Executor
from dtf.domain.ports.recoveries import Recoveries
from dtf.domain.ports.shards import Shards
from dtf.domain.ports.workers import Workers
from dtf.execution.device_watch.monitor import DeviceMonitor
from dtf.execution.git_checkout import GitCheckout
from dtf.execution.guardian.attempt_environment import without_ours
from dtf.execution.guardian.config import GuardianConfig
from dtf.execution.guardian.database import Database
from dtf.execution.guardian.guardian import Guardian
from dtf.execution.guardian.lease_keeper import LeaseKeeper
from dtf.execution.guardian.recorder import Recorder
from dtf.execution.guardian.services import Services
from dtf.execution.guardian.spool import Spool
from dtf.execution.guardian.worker_home import WorkerHome
from dtf.execution.processes.spawner import GuardianSpawner
from dtf.execution.source_cache import SourceCache
from dtf.processes.libc import become_subreaper
from dtf.processes.reaper import Reaper

_HOME_PATIENCE_S = 10.0
_HOME_POLL_S = 0.1


def run_guardian(
    config: GuardianConfig,
    *,
    shards: Shards,
    workers: Workers,
    blobs: Blobs,
    executors: Sequence[Executor],
    breakers: Breakers,
    recoveries: Recoveries,
    base_environment: Mapping[str, str],
) -> int:
    """Be the guardian of a worker until the worker ends or SIGTERM comes; to be called in the main thread.

    Writes ``ready`` and a line feed to standard output once it listens and the worker is registered.

    Args:
        config: What it is told.
        shards: The ledger's side of attempts.
        workers: Where the worker is known.
        blobs: Where bundles come from and artifacts go.
        executors: One for each kind of job; a later one replaces an earlier one of the same kind.
        breakers: The circuit breakers of what the worker has.
        recoveries: The history of what was done about failures.
        base_environment: The worker's environment; everything of dtf's is taken out of it for test code.

    Returns:
        The exit status: 0 after a clean end, 10 when the database stayed away.
    """
    become_subreaper()
    # the child of a fork makes one call and execs; from 3.12 on Python warns of every fork beside threads
    warnings.filterwarnings("ignore", message=".*multi-threaded.*fork", category=DeprecationWarning)
    database = Database()

    async def run() -> int:
        reaper = Reaper()
        reaper.start()
        services = _compose(config, reaper, database, shards, blobs, without_ours(base_environment))
        services.executors = {executor.kind: executor for executor in executors}
        await _open(services.home)
        try:
            return await Guardian(services, workers, breakers, recoveries).run()
        finally:
            services.home.close()
            reaper.stop()

    try:
        return asyncio.run(run())
    finally:
        database.close()


def _compose(
    config: GuardianConfig,
    reaper: Reaper,
    database: Database,
    shards: Shards,
    blobs: Blobs,
    environment: Mapping[str, str],
) -> Services:
    worker_id = config.worker.worker_id
    spawner = GuardianSpawner(worker_id, reaper)
    leases = LeaseKeeper(shards, database, worker_id=worker_id, lease_s=config.lease_s, interval_s=config.renewal_s)
    home = WorkerHome(config.root, worker_id)
    return Services(
        config=config,
        shards=shards,
        database=database,
        environment=environment,
        spawner=spawner,
        monitor=DeviceMonitor(spawner, cwd=config.root, environment=environment),
        sources=SourceCache(
            config.root,
            blobs,
            GitCheckout(spawner, environment),
            count_cap=config.source_count_cap,
            size_cap=config.source_size_cap,
        ),
        leases=leases,
        recorder=Recorder(shards, blobs, database, leases.drop),
        home=home,
        spool=Spool(home.spool),
    )


async def _open(home: WorkerHome) -> None:
    """Open the worker's directories; an earlier guardian of the worker may be about to end."""
    deadline = asyncio.get_running_loop().time() + _HOME_PATIENCE_S
    while True:
        try:
            return await asyncio.to_thread(home.open)
        except BlockingIOError:
            if asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(_HOME_POLL_S)
