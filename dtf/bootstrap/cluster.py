"""Which cluster a process works with, and how it gets in."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dtf.embedded.client import JoinConfig, join, peek
from dtf.embedded.membership import Membership
from dtf.execution.profile import WorkerProfile
from dtf.settings import Mode, Settings, process_environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a cluster's parts are.

    Attributes:
        broker_url: The message broker; holds a password.
        database_url: The ledger; may hold a password.
        membership: What keeps the embedded cluster alive while this process uses it; None in a cluster.
    """

    broker_url: str
    database_url: str
    membership: Membership | None = None


def embedded_database_url(settings: Settings) -> str:
    """The ledger of the state directory."""
    return f"sqlite:///{embedded_database(settings)}"


def embedded_database(settings: Settings) -> Path:
    """The file of the state directory's ledger."""
    return settings.state_dir.resolve() / "ledger.sqlite3"


def supervisor_command() -> tuple[str, ...]:
    """Starts a supervisor under this interpreter."""
    return (*own_python(), "-m", "dtf", "supervisor")


def own_python() -> tuple[str, ...]:
    """This interpreter, not looking for modules in the current directory, where anything may be called dtf."""
    return (sys.executable, "-P")


def join_embedded(
    settings: Settings, *, workers: int = 0, tag: str = "cpu", profiles: Sequence[WorkerProfile] = ()
) -> Membership:
    """Join the state directory's cluster; start it when there is none.

    Args:
        settings: Where it is.
        workers: How many slots for ``tag`` this process needs.
        tag: A hardware tag.
        profiles: Further workers that it needs.

    Raises:
        ClusterError: It cannot be started or joined.
    """
    environment = {**process_environment(), "DTF_STATE_DIR": str(settings.state_dir)}
    return join(
        JoinConfig(
            state_dir=settings.state_dir,
            supervisor_command=supervisor_command(),
            environment=environment,
            workers=workers,
            tag=tag,
            profiles=tuple(profiles),
        )
    )


def find_endpoints(settings: Settings) -> Endpoints:
    """The configured cluster, or the embedded one, joined and if need be started.

    Raises:
        SettingsError: Only half of a cluster is configured.
        ClusterError: The embedded one cannot be started or joined.
    """
    if settings.mode is Mode.CLUSTER:
        return Endpoints(broker_url=settings.broker_url or "", database_url=settings.database_url or "")
    membership = join_embedded(settings)
    return Endpoints(broker_url=membership.broker_url, database_url=membership.database_url, membership=membership)


def is_running(settings: Settings) -> bool:
    """Whether there is a cluster to work with; nothing is started."""
    return settings.mode is Mode.CLUSTER or peek(settings.state_dir) is not None


def running_broker(settings: Settings) -> str | None:
    """The broker's URL where a cluster is configured or runs; nothing is started."""
    if settings.mode is Mode.CLUSTER:
        return settings.broker_url
    address = peek(settings.state_dir)
    return None if address is None else address.broker_url
