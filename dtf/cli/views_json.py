"""The ledger's views as JSON, the same in every command."""

from typing import Any

from dtf.domain.codec import to_json
from dtf.domain.marks import marks_of
from dtf.domain.ports.views import JobView, RunView, WorkerView
from dtf.domain.worker import Device


def run_json(run: RunView) -> dict[str, Any]:
    """A run."""
    return {**to_json(run), "cases": dict(run.cases)}


def job_json(job: JobView) -> dict[str, Any]:
    """A job, without its whole specification."""
    data = {name: value for name, value in to_json(job).items() if name != "spec"}
    spec = job.spec
    return {
        **data,
        "name": spec.name,
        "kind": str(spec.kind),
        "hardware": spec.hardware,
        "requirements": list(spec.requirements),
        "priority": spec.priority,
        "fallback": list(spec.fallback),
    }


def worker_json(worker: WorkerView) -> dict[str, Any]:
    """A worker with its slots and devices."""
    data: dict[str, Any] = to_json(worker)
    info = {**data.pop("info"), "devices": [device_json(device) for device in worker.info.devices]}
    return {**info, **data}


def device_json(device: Device) -> dict[str, Any]:
    """A device; ``marks`` says what has to be said of it: simulated, software, failed with the reason."""
    return {**to_json(device), "marks": list(marks_of(device))}
