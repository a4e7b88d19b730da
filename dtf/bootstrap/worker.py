"""Puts a worker together: the Celery application and the guardian beside it."""

from functools import cache
from pathlib import Path

from celery import Celery

from dtf import __version__
from dtf.bootstrap.cluster import Endpoints, find_endpoints, own_python
from dtf.domain.worker import WorkerInfo
from dtf.execution.celery_app import make_app
from dtf.execution.worker_setup import WorkerSetup
from dtf.settings import Settings, load_settings, process_environment
from dtf.storage.broker_check import check_broker


def make_celery_app() -> Celery:
    """The Celery application; settings are read and a cluster is joined when its configuration is first read."""
    return make_app(lambda: _endpoints().broker_url, _worker_setup)


@cache
def _settings() -> Settings:
    return load_settings()


@cache
def _endpoints() -> Endpoints:
    """Kept for the process's life: a worker is a user of the cluster that it joined."""
    return find_endpoints(_settings())


def _worker_setup() -> WorkerSetup:
    settings, environ, endpoints = _settings(), process_environment(), _endpoints()
    urls = {"DTF_BROKER_URL": endpoints.broker_url, "DTF_DATABASE_URL": endpoints.database_url}
    return WorkerSetup(
        guardian_command=(*own_python(), "-m", "dtf", "guardian"),
        guardian_environment={**environ, **urls},
        tags=tuple(word for word in settings.worker_tags.split(",") if word),
        simulate=settings.simulate_devices,
        visible_cuda=environ.get("CUDA_VISIBLE_DEVICES"),
        check_broker=check_broker,
        version=__version__,
    )


def run_guardian(settings: Settings, worker: WorkerInfo, *, socket: Path, worker_pid: int) -> int:
    """Run the guardian of a worker until the worker is gone.

    Args:
        settings: With the cluster's database.
        worker: The worker.
        socket: Where to listen.
        worker_pid: The worker's main process.

    Returns:
        The exit status.
    """
    # a pool child imports this module too, and needs none of these
    from dtf.bootstrap.ledger import database_url, ledger_at  # noqa: PLC0415
    from dtf.execution.executors.builtin import BuiltinExecutors  # noqa: PLC0415
    from dtf.execution.guardian import GuardianConfig  # noqa: PLC0415
    from dtf.execution.guardian import run_guardian as run  # noqa: PLC0415
    from dtf.plugins.manager import find_executors, load_plugins  # noqa: PLC0415

    root = settings.state_dir / "worker"
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
    ledger = ledger_at(database_url(settings))
    executors = find_executors(load_plugins({"dtf-executors": BuiltinExecutors(root)}))
    environment = {name: value for name, value in process_environment().items() if not name.startswith("DTF_")}
    try:
        return run(
            config,
            shards=ledger.shards,
            workers=ledger.workers,
            blobs=ledger.blobs,
            executors=tuple(executors.values()),
            base_environment=environment,
        )
    finally:
        ledger.close()
