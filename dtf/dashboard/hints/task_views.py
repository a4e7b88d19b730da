"""Flower's pages and answers about tasks, in the ledger's words where a task is dtf's."""

from typing import Any

from flower.api.tasks import ListTasks, TaskInfo, TaskResult
from flower.utils.tasks import get_task_by_id
from flower.views import BaseHandler
from flower.views.tasks import TasksDataTable, TaskView
from flower.views.workers import WorkersView
from tornado.web import HTTPError

from dtf.dashboard.hints.hint import hint_of
from dtf.dashboard.hints.search import ShownTask


def row_of(view: Any) -> dict[str, Any]:  # noqa: ANN401  # Celery has no types
    """A task for JSON, as Flower's API has it."""
    told: dict[str, Any] = view.as_dict()
    worker = told.pop("worker", None)
    if worker is not None:
        told["worker"] = worker.hostname
    return told


class _Held(BaseHandler):  # type: ignore[misc]  # Flower has no types
    """Holds back what Flower would write, so that it can be put in other words.

    Attributes:
        held: What it would write; None: nothing yet.
    """

    held: dict[str, Any] | None = None

    def write(self, chunk: Any) -> None:  # noqa: ANN401  # Tornado's
        """Hold an object back; all else goes on."""
        if isinstance(chunk, dict) and self.get_status() == 200:
            self.held = chunk
        else:
            super().write(chunk)

    def let_go(self, told: dict[str, Any]) -> None:
        """Write after all."""
        super().write(told)

    async def shown_rows(self, task_ids: list[str]) -> dict[str, dict[str, Any]]:
        """Rows of some tasks, by id."""
        known = self.application.events.state.tasks.data
        tasks = [known[task_id] for task_id in task_ids if task_id in known]
        return {view.uuid: row_of(view) for view in await self.application.truth.views(tasks)}


class TruthfulDataTable(_Held, TasksDataTable):  # type: ignore[misc]  # Flower has no types
    """The rows of Flower's table of tasks."""

    async def get(self) -> None:
        """Some rows."""
        super().get()
        if self.held is not None:
            rows = await self.shown_rows([row["uuid"] for row in self.held["data"]])
            self.let_go({**self.held, "data": [rows.get(row["uuid"], row) for row in self.held["data"]]})

    async def post(self) -> None:
        """The same."""
        await self.get()


class TruthfulListTasks(_Held, ListTasks):  # type: ignore[misc]  # Flower has no types
    """``/api/tasks``."""

    async def get(self) -> None:
        """All that fit."""
        super().get()
        if self.held is not None:
            rows = await self.shown_rows(list(self.held))
            self.let_go({task_id: rows.get(task_id, row) for task_id, row in self.held.items()})


class TruthfulTaskInfo(TaskInfo):  # type: ignore[misc]  # Flower has no types
    """``/api/task/info/ID``."""

    async def get(self, taskid: str) -> None:
        """One task."""
        task = get_task_by_id(self.application.events, taskid)
        if task is None:
            raise HTTPError(404, f"Unknown task '{taskid}'")
        (view,) = await self.application.truth.views([task])
        self.write(row_of(view))


class TruthfulTaskResult(TaskResult):  # type: ignore[misc]  # Flower has no types
    """``/api/task/result/ID``: dtf's tasks leave no result in Celery; the ledger has it."""

    async def get(self, taskid: str) -> None:
        """What it came to."""
        task = get_task_by_id(self.application.events, taskid)
        if task is None or hint_of(task) is None:
            await super().get(taskid)
            return
        (view,) = await self.application.truth.views([task])
        self.write({"task-id": taskid, "state": view.state, "result": view.result})


class TruthfulTaskView(TaskView):  # type: ignore[misc]  # Flower has no types
    """A task's page."""

    async def get(self, task_id: str) -> None:
        """Of a task of dtf's: its job, and what it came to; of others Flower's page."""
        task = get_task_by_id(self.application.events, task_id)
        (view,) = await self.application.truth.views([task]) if task is not None else (None,)
        if not isinstance(view, ShownTask):
            super().get(task_id)
            return
        application = self.application
        self.render(
            "shard_task.html",
            task=view,
            read_only=application.options.read_only,
            prefix=application.dashboard_options.prefix,
        )


class TruthfulWorkersView(WorkersView):  # type: ignore[misc]  # Flower has no types
    """Flower's page of workers: what it counts as succeeded and failed is what the ledger says of it."""

    def _as_dict(self, worker: Any) -> dict[str, Any]:  # noqa: ANN401  # Celery has no types
        return {**super()._as_dict(worker), **self.application.truth.counts(worker.hostname)}
