"""Where workers are known."""

from collections.abc import Sequence
from typing import Protocol

from dtf.domain.worker import WorkerInfo, WorkerLoad, WorkerState


class Workers(Protocol):
    """Where workers are known."""

    def register(self, info: WorkerInfo) -> WorkerState:
        """Insert or replace a worker and its devices, and set it online; one that was drained goes on to drain."""
        ...

    def heartbeat(self, worker_id: str, load: WorkerLoad) -> WorkerState:
        """Note that the worker lives; the answer tells it to drain when somebody asked for that."""
        ...

    def open_queues(self) -> Sequence[str]:
        """The queues in which shards wait."""
        ...

    def set_state(self, worker_id: str, state: WorkerState) -> None:
        """Change a worker's state; one that is set to drain does so as long as it lives, unless it is set online."""
        ...
