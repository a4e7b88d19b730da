"""What Flower would have workers do, as far as dtf's workers are concerned.

A worker of dtf's is its queues, its slots and one process for each of them, which its guardian sees to and the ledger
knows of. What changes these behind its back makes jobs wait, or fail, and nobody could say why: it is refused with the
way that does the same. To shut a worker down is to drain it: it ends what it runs, takes nothing more, and stops.
"""

from typing import Any, Final

from flower.api import control
from flower.api.tasks import TaskApply, TaskAsyncApply, TaskSend
from tornado.web import HTTPError

from dtf.dashboard.hints.hint import NAMES
from dtf.execution.task import RUN_SHARD

_POOL: Final = (
    "a worker of dtf's has one process for each of its slots, and replaces them by itself; "
    "start it with another --concurrency to have more or fewer"
)
_QUEUES: Final = (
    "a worker of dtf's takes hints of the queues that it has devices for, and the ledger tells what waits for it; "
    "shut it down to drain it, or start it with other queues (-Q)"
)
_LIMITS: Final = (
    "a limit on hints would keep jobs waiting, or end them as failures of the infrastructure, and nobody could say "
    "why; time limits belong to jobs (timeouts of the suite, of its task file, of the run)"
)
_WORK: Final = "hints are the coordinator's to send; work comes in by dtf submit, dtf run, or POST /api/v1/runs"


class _Worker:
    """Of a worker of dtf's something else is to be done than of others.

    Attributes:
        why_not: Why it is refused.
    """

    why_not = _POOL
    application: Any

    def refuse(self, worker: str) -> None:
        """Refuse it for a worker of dtf's."""
        if self.is_dtfs(worker):
            raise HTTPError(403, self.why_not)

    def is_dtfs(self, worker: str) -> bool:
        """Whether a worker carries hints, as far as it has told what it can."""
        # not asked for: Flower's memory makes an entry of whatever it is asked for
        known = self.application.workers.get(worker, {})
        return any(str(name).partition(" ")[0] == RUN_SHARD for name in known.get("registered", ()))


def _refusing(handler: type, reason: str) -> type:
    """Flower's handler of something that a worker is to do, which refuses it for dtf's."""

    async def post(self: Any, workername: str) -> None:  # noqa: ANN401  # Flower has no types
        self.refuse(workername)
        await handler.post(self, workername)  # type: ignore[attr-defined]  # Flower's

    return type(f"Dtf{handler.__name__}", (_Worker, handler), {"post": post, "why_not": reason})


class DrainingShutDown(_Worker, control.WorkerShutDown):  # type: ignore[misc]  # Flower has no types
    """Shut down: Celery's warm one, by which a worker of dtf's drains."""

    def write(self, chunk: Any) -> None:  # noqa: ANN401  # Tornado's
        """Say what a worker of dtf's does."""
        worker = self.path_args[0]
        if isinstance(chunk, dict) and self.is_dtfs(worker):
            chunk = {"message": f"{worker} drains: it ends what it runs, takes nothing more, and then stops"}
        super().write(chunk)


def _refusing_names(handler: type, reason: str) -> type:
    """Flower's handler of something about tasks of a name, which refuses it for dtf's."""

    async def post(self: Any, taskname: str) -> None:  # noqa: ANN401  # Flower has no types
        if taskname in NAMES:
            raise HTTPError(403, reason)
        await handler.post(self, taskname)  # type: ignore[attr-defined]  # Flower's

    return type(f"Dtf{handler.__name__}", (handler,), {"post": post})


#: What stands in place of Flower's own handlers.
CONTROLS: Final[dict[type, type]] = {
    control.WorkerShutDown: DrainingShutDown,
    control.WorkerPoolRestart: _refusing(control.WorkerPoolRestart, _POOL),
    control.WorkerPoolGrow: _refusing(control.WorkerPoolGrow, _POOL),
    control.WorkerPoolShrink: _refusing(control.WorkerPoolShrink, _POOL),
    control.WorkerPoolAutoscale: _refusing(control.WorkerPoolAutoscale, _POOL),
    control.WorkerQueueAddConsumer: _refusing(control.WorkerQueueAddConsumer, _QUEUES),
    control.WorkerQueueCancelConsumer: _refusing(control.WorkerQueueCancelConsumer, _QUEUES),
    control.TaskTimout: _refusing_names(control.TaskTimout, _LIMITS),
    control.TaskRateLimit: _refusing_names(control.TaskRateLimit, _LIMITS),
    TaskApply: _refusing_names(TaskApply, _WORK),
    TaskAsyncApply: _refusing_names(TaskAsyncApply, _WORK),
    TaskSend: _refusing_names(TaskSend, _WORK),
}
