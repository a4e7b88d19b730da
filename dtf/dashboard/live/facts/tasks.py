"""The newest jobs, and how many there are of each status."""

from typing import Any, Final

from dtf.dashboard.live.facts.text import NAME, capped
from dtf.dashboard.live.seen import Seen
from dtf.domain.outcome import Outcome
from dtf.domain.ports.monitor import TaskView
from dtf.domain.shard import JobState

#: The statuses of jobs without a verdict: nothing of them has begun; something has.
WAITING: Final = "waiting"
RUNNING: Final = "running"


def tasks(seen: Seen) -> dict[str, Any]:
    """tasks by id: id, type, status, priority, worker_id, and more; and counts by status, of all jobs.

    ``sequence`` is the number of the ledger's last event: whoever shows more than the newest jobs asks anew when it
    changes.
    """
    totals = seen.moment.totals
    return {
        "tasks": {task.job_id: _told(task) for task in seen.moment.tasks},
        "counts": {
            WAITING: totals.jobs_waiting,
            RUNNING: totals.jobs_running,
            **{outcome.value: totals.jobs.get(outcome.value, 0) for outcome in Outcome},
        },
        "total": totals.jobs_waiting + totals.jobs_running + sum(totals.jobs.values()),
        "sequence": seen.moment.sequence,
    }


def status_of(task: TaskView) -> str:
    """``waiting``, ``running``, or the verdict."""
    if task.state is JobState.FINISHED and task.outcome is not None:
        return task.outcome.value
    return WAITING if task.started_at is None else RUNNING


def _told(task: TaskView) -> dict[str, Any]:
    times = {"started_at": task.started_at, "finished_at": task.finished_at}
    return {
        "id": task.job_id,
        "type": task.kind,
        "status": status_of(task),
        "priority": task.priority,
        "name": capped(task.name, NAME),
        "run_id": task.run_id,
        "hardware": task.hardware,
        "created_at": task.created_at,
        **({"worker_id": task.workers[0], "worker_ids": list(task.workers)} if task.workers else {}),
        **{name: at for name, at in times.items() if at is not None},
    }
