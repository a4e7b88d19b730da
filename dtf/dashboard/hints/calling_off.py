"""Flower's Revoke, Terminate and Abort: of a task of dtf's they call its job off in the ledger.

To take a hint away, or to end the process that carries it, would stop nothing: the ledger has the shard go out again.
"""

import logging
from typing import Any

from flower.api.control import TaskRevoke
from flower.api.tasks import TaskAbort
from flower.utils.tasks import get_task_by_id
from tornado.web import HTTPError

from dtf.dashboard.hints.hint import NAMES, Hint, hint_of
from dtf.domain.errors import LedgerUnavailableError
from dtf.domain.ports.fates import JobFate

log = logging.getLogger(__name__)

#: What the ledger keeps as the reason.
REASON = "cancelled on the dashboard's page of its task"
#: How long workers may take to tell what they know of a task, in seconds.
_ASK_S = 1.0


class _CallingOff:
    """What both do."""

    application: Any
    capp: Any
    run_blocking: Any
    write: Any

    async def hint(self, task_id: str) -> Hint | None:
        """The hint that a task is; None: it is somebody else's, or nobody knows it."""
        task = get_task_by_id(self.application.events, task_id)
        if task is not None:
            return hint_of(task)
        # it came before the dashboard did, or was forgotten: a worker that has it knows
        told = await self.run_blocking("task.query", task_id, self._query, task_id)
        for found in (told or {}).values():
            _, request = found.get(task_id, (None, None))
            if request and request.get("name") in NAMES:
                return hint_of(_Remembered(request))
        return None

    def _query(self, task_id: str) -> Any:  # noqa: ANN401  # Celery has no types
        return self.capp.control.inspect(timeout=_ASK_S).query_task(task_id)

    async def call_off(self, hint: Hint) -> None:
        """Cancel the job, and say what came of it."""
        if self.application.options.read_only:
            raise HTTPError(403, "the dashboard was started read-only")
        ledger = self.application.laboratory.ledger

        def work() -> tuple[JobFate, int]:
            fate = ledger.fates.shards([hint.shard_id]).get(hint.shard_id) if hint.shard_id else None
            job = fate.job if fate is not None else ledger.fates.jobs([hint.job_id]).get(hint.job_id)
            if job is None:
                raise HTTPError(404, "the ledger knows no job of this task: nothing was called off")
            return job, ledger.submissions.cancel_job(job.job_id, REASON)

        try:
            job, count = await self.application.elsewhere(work)
        except LedgerUnavailableError as error:
            raise HTTPError(503, str(error)) from error
        self.write({"message": _told(job, count), "job_id": job.job_id, "cancelled": count})


class _Remembered:
    """A task as a worker remembers it."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.name, self.args, self.result = request["name"], str(request.get("args")), None


class JobRevoke(_CallingOff, TaskRevoke):  # type: ignore[misc]  # Flower has no types
    """``/api/task/revoke/ID``: the buttons Revoke and Terminate."""

    async def post(self, taskid: str) -> None:
        """Cancel the job; tasks of others go Flower's way."""
        hint = await self.hint(taskid)
        await (super().post(taskid) if hint is None else self.call_off(hint))


class JobAbort(_CallingOff, TaskAbort):  # type: ignore[misc]  # Flower has no types
    """``/api/task/abort/ID``."""

    async def post(self, taskid: str) -> None:
        """Cancel the job; tasks of others go Flower's way."""
        hint = await self.hint(taskid)
        await (super().post(taskid) if hint is None else self.call_off(hint))


def _told(job: JobFate, count: int) -> str:
    if count:
        shards = "1 shard" if count == 1 else f"{count} shards"
        return f"cancelled the job {job.name} ({job.job_id}) of this shard: {shards} called off"
    stands = f"it is {job.outcome} already" if job.outcome else "it is being called off already"
    return f"nothing was left to call off of the job {job.name} ({job.job_id}): {stands}"
