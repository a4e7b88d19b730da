"""The runs that are not over, and the newest of the others."""

from typing import Any, Final

from dtf.analysis.progress import done_share
from dtf.dashboard.live.facts.text import NAME, capped
from dtf.dashboard.live.seen import Seen
from dtf.domain.ports.views import RunView

#: So many labels of a run are told.
_MOST_LABELS: Final = 20


def runs(seen: Seen) -> dict[str, Any]:
    """By run_id; ``order`` has the ids, those that are not over first, then the newest."""
    found = seen.moment.runs
    return {**{run.run_id: run_fact(run) for run in found}, "order": [run.run_id for run in found]}


def run_fact(run: RunView) -> dict[str, Any]:
    """A run: times in seconds since the epoch, ``done_share`` from 0 to 1, and ``makespan_s`` once over."""
    told: dict[str, Any] = {
        "run_id": run.run_id,
        "name": capped(run.name, NAME),
        "created_at": run.created_at,
        "labels": {capped(key, NAME): capped(run.labels[key], NAME) for key in sorted(run.labels)[:_MOST_LABELS]},
        "jobs": run.jobs,
        "jobs_finished": run.jobs_finished,
        "attempts": run.attempts,
        "cases": dict(run.cases),
        "cases_done": sum(run.cases.values()) + run.running,
        "expected": run.expected,
        "running": run.running,
        "running_failed": run.running_failed,
        "shards": dict(run.shards),
        "done_share": round(done_share(run), 4),
    }
    known = {
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "outcome": run.outcome,
        "reason": capped(run.reason),
        "ended_by": run.ended_by,
    }
    told |= {name: value for name, value in known.items() if value not in (None, "")}
    if run.started_at is not None and run.finished_at is not None:
        told["makespan_s"] = run.finished_at - run.started_at
    return told
