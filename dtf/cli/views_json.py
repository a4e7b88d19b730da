"""The ledger's views as JSON, the same in every command."""

from typing import Any

from dtf.domain.codec import to_json
from dtf.domain.ports.views import JobView, RunView, WorkerView


def run_json(run: RunView) -> dict[str, Any]:
    """A run."""
    return {**to_json(run), "cases": dict(run.cases)}


def job_json(job: JobView) -> dict[str, Any]:
    """A job, without its whole specification."""
    data = {name: value for name, value in to_json(job).items() if name != "spec"}
    spec = job.spec
    return {**data, "name": spec.name, "kind": str(spec.kind), "hardware": spec.hardware, "priority": spec.priority}


def worker_json(worker: WorkerView) -> dict[str, Any]:
    """A worker with its devices; what is simulated says so."""
    data: dict[str, Any] = to_json(worker)
    return {**data.pop("info"), **data}
