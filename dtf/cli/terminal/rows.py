"""The ledger's views as rows of tables."""

from collections import Counter
from collections.abc import Mapping, Sequence

from dtf.cli.terminal.figures import duration
from dtf.domain.ports.views import JobView, RunView, WorkerView
from dtf.domain.worker import DeviceState

RUN_TITLES = ("run", "outcome", "jobs", "cases", "attempts", "age", "name")
JOB_TITLES = ("job", "hardware", "state", "outcome", "cases", "shards", "name")
WORKER_TITLES = ("worker", "state", "queues", "slots", "busy", "cpu", "memory", "seen", "devices")

_SHORT_ID = 6

#: Outcomes in the order in which they are shown.
_ORDER = ("passed", "failed", "error", "timeout", "infra", "skipped", "xfailed", "xpassed")


def run_row(run: RunView, now: float) -> tuple[str, ...]:
    """A run."""
    return (
        run.run_id,
        str(run.outcome or ("running" if run.attempts else "queued")),
        f"{run.jobs_finished}/{run.jobs}",
        tally(run.cases, run.expected),
        str(run.attempts),
        duration(now - run.created_at),
        run.name,
    )


def job_row(job: JobView) -> tuple[str, ...]:
    """A job."""
    shards = ", ".join(f"{count} {state}" for state, count in job.shards.items() if count)
    outcome = str(job.outcome or "-")
    cases = tally(job.cases, job.expected)
    return (job.job_id, job.spec.hardware, str(job.state), outcome, cases, shards or "-", job.spec.name)


def worker_rows(workers: Sequence[WorkerView], now: float) -> list[tuple[str, ...]]:
    """Workers; those that share a name are told apart by the end of their ids."""
    names = Counter(worker.info.name for worker in workers)
    return [_worker_row(worker, now, is_shared=names[worker.info.name] > 1) for worker in workers]


def _worker_row(worker: WorkerView, now: float, *, is_shared: bool) -> tuple[str, ...]:
    load, info = worker.load, worker.info
    devices = [
        device.name
        + (" (simulated)" if device.simulated else "")
        + (f" ({device.state})" if device.state is not DeviceState.AVAILABLE else "")
        for device in info.devices
    ]
    return (
        f"{info.name} ({info.worker_id[-_SHORT_ID:]})" if is_shared else info.name,
        str(worker.state),
        ",".join(info.queues) or "-",
        str(info.slots),
        "-" if load is None else str(load.busy_slots),
        "-" if load is None else f"{load.cpu_percent:.0f}%",
        "-" if load is None else f"{load.memory_percent:.0f}%",
        f"{duration(now - worker.seen_at)} ago",
        ", ".join(devices) or "-",
    )


def tally(cases: Mapping[str, int], expected: int) -> str:
    """``120 passed, 3 failed of 200``."""
    parts = [f"{cases[name]} {name}" for name in _ORDER if cases.get(name)]
    text = ", ".join(parts) or "-"
    return f"{text} of {expected}" if expected > sum(cases.values()) else text
