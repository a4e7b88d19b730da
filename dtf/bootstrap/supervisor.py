"""Puts the supervisor of an embedded cluster together."""

from dtf import __version__
from dtf.bootstrap.cluster import embedded_database_url, own_python
from dtf.embedded.supervisor import Supervisor, SupervisorConfig, WorkerPlan
from dtf.settings import Settings, process_environment


def run_supervisor(settings: Settings) -> int:
    """Hold the cluster of the state directory until its last user has gone.

    Returns:
        The exit status.
    """
    url = embedded_database_url(settings)

    def prepare() -> None:
        from dtf.bootstrap.ledger import prepare_embedded_ledger  # noqa: PLC0415  # in a fork; this process stays small

        prepare_embedded_ledger(settings)

    def cancel_run(run_id: str, reason: str) -> None:
        from dtf.storage.ledger import open_ledger  # noqa: PLC0415  # as above

        open_ledger(url).submissions.cancel_run(run_id, reason)

    config = SupervisorConfig(
        state_dir=settings.state_dir,
        database_url=url,
        coordinator_command=(*own_python(), "-m", "dtf", "coordinator"),
        worker_command=worker_command,
        cancel_run=cancel_run,
        prepare=prepare,
        environment=process_environment(),
        early_start=True,
        version=__version__,
    )
    return Supervisor(config).run()


def worker_command(plan: WorkerPlan) -> tuple[str, ...]:
    """What starts the worker of a plan: Celery itself, or ``dtf worker`` where tags are to be passed on."""
    profile = plan.profile
    if profile is not None and profile.tags:
        start: tuple[str, ...] = ("-m", "dtf", "worker", "--tags", ",".join(profile.tags))
    else:
        start = ("-m", "celery", "-A", "dtf", "worker")
    options = ["--queues", plan.queue, "--hostname", f"{plan.name}@%h", "--loglevel", "INFO"]
    if plan.slots:
        options += ["--concurrency", str(plan.slots)]
    if profile is not None and profile.pool != "prefork":
        options += ["--pool", profile.pool]
    return (*own_python(), *start, *options)
