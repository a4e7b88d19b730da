"""Which of Flower's handlers have others in their place."""

from typing import Any, Final

from flower.api.control import TaskRevoke
from flower.api.tasks import GetQueueLengths, ListTasks, TaskAbort, TaskInfo, TaskResult
from flower.views.broker import BrokerView
from flower.views.tasks import TasksDataTable, TaskView
from flower.views.workers import WorkersView

from dtf.dashboard.hints.calling_off import JobAbort, JobRevoke
from dtf.dashboard.hints.controls import CONTROLS
from dtf.dashboard.hints.queues import PatientBrokerView, PatientQueueLengths
from dtf.dashboard.hints.task_views import (
    TruthfulDataTable,
    TruthfulListTasks,
    TruthfulTaskInfo,
    TruthfulTaskResult,
    TruthfulTaskView,
    TruthfulWorkersView,
)

#: What stands in place of Flower's own handlers.
REPLACED: Final[dict[type, type]] = {
    TasksDataTable: TruthfulDataTable,
    TaskView: TruthfulTaskView,
    WorkersView: TruthfulWorkersView,
    ListTasks: TruthfulListTasks,
    TaskInfo: TruthfulTaskInfo,
    TaskResult: TruthfulTaskResult,
    GetQueueLengths: PatientQueueLengths,
    BrokerView: PatientBrokerView,
    TaskRevoke: JobRevoke,
    TaskAbort: JobAbort,
    **CONTROLS,
}


def replacement(handler: Any) -> Any:  # noqa: ANN401  # Flower has no types
    """What stands in place of a handler of Flower's; itself where nothing does."""
    return REPLACED.get(handler, handler)
