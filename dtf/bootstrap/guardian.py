"""Puts a guardian together."""

from pathlib import Path

from dtf.bootstrap.breakers import make_breakers
from dtf.bootstrap.ledger import database_url, ledger_at, wait_for_schema
from dtf.domain.worker import WorkerInfo
from dtf.execution.executors.builtin import BuiltinExecutors
from dtf.execution.guardian import GuardianConfig, run_guardian
from dtf.execution.socket_directory import remove_after
from dtf.plugins.manager import find_executors, load_plugins
from dtf.settings import Settings, process_environment


def start_guardian(settings: Settings, worker: WorkerInfo, *, socket: Path, worker_pid: int) -> int:
    """Run the guardian of a worker until the worker is gone.

    Args:
        settings: With the cluster's database.
        worker: The worker.
        socket: Where to listen.
        worker_pid: The worker's main process.

    Returns:
        The exit status.
    """
    root = settings.state_dir / "worker"
    breakers = make_breakers(settings, settings.broker_url)
    config = GuardianConfig(
        socket=socket,
        worker=worker,
        worker_pid=worker_pid,
        root=root,
        lease_s=settings.lease_s,
        poll_s=settings.poll_s,
        heartbeat_s=settings.heartbeat_s,
        output_cap=settings.output_cap_bytes,
        log_cap=settings.log_cap_bytes,
        artifact_cap=settings.artifact_cap_bytes,
    )
    url = database_url(settings)
    wait_for_schema(url)
    ledger = ledger_at(url)
    builtin = BuiltinExecutors(root, web_assets=settings.web_assets)
    executors = find_executors(load_plugins({"dtf-executors": builtin}))
    environment = {name: value for name, value in process_environment().items() if not name.startswith("DTF_")}
    try:
        return run_guardian(
            config,
            shards=ledger.shards,
            workers=ledger.workers,
            blobs=ledger.blobs,
            executors=tuple(executors.values()),
            breakers=breakers,
            recoveries=ledger.recoveries,
            base_environment=environment,
        )
    finally:
        breakers.store.close()
        ledger.close()
        remove_after(socket, worker_pid)
