"""The ledger's views as rows of tables."""

from collections import Counter
from collections.abc import Mapping, Sequence

from dtf.cli.terminal.figures import duration
from dtf.domain.marks import marks_of
from dtf.domain.ports.views import JobView, RunView, WorkerView
from dtf.domain.worker import Device, WorkerInfo

RUN_TITLES = ("run", "outcome", "jobs", "cases", "attempts", "age", "name")
JOB_TITLES = ("job", "hardware", "state", "outcome", "cases", "shards", "name")
WORKER_TITLES = ("worker", "state", "queues", "slots", "busy", "cpu", "memory", "seen", "tags", "devices")
DEVICE_TITLES = ("worker", "kind", "slots", "uuid", "device", "marks")

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
    return (job.job_id, job.spec.queue, str(job.state), outcome, cases, shards or "-", job.spec.name)


def worker_rows(workers: Sequence[WorkerView], now: float) -> list[tuple[str, ...]]:
    """Workers; those that share a name are told apart by the end of their ids."""
    names = Counter(worker.info.name for worker in workers)
    return [_worker_row(worker, now, is_shared=names[worker.info.name] > 1) for worker in workers]


def _worker_row(worker: WorkerView, now: float, *, is_shared: bool) -> tuple[str, ...]:
    load, info = worker.load, worker.info
    return (
        _worker_name(worker, is_shared=is_shared),
        str(worker.state),
        ",".join(info.queues) or "-",
        str(info.slots),
        "-" if load is None else str(load.busy_slots),
        "-" if load is None else f"{load.cpu_percent:.0f}%",
        "-" if load is None else f"{load.memory_percent:.0f}%",
        f"{duration(now - worker.seen_at)} ago",
        ",".join(info.tags) or "-",
        ", ".join(map(_device, info.devices)) or "-",
    )


def device_rows(workers: Sequence[WorkerView]) -> list[tuple[str, ...]]:
    """The devices of workers that have more than a CPU, with the slots that own them and what is to be said of them."""
    names = Counter(worker.info.name for worker in workers)
    return [
        (
            _worker_name(worker, is_shared=names[worker.info.name] > 1),
            device.kind,
            _slots(worker.info, device.uuid),
            device.uuid,
            device.name,
            "; ".join(marks_of(device)) or "-",
        )
        for worker in workers
        if any(device.kind != "cpu" or marks_of(device) for device in worker.info.devices)
        for device in worker.info.devices
    ]


def _worker_name(worker: WorkerView, *, is_shared: bool) -> str:
    info = worker.info
    return f"{info.name} ({info.worker_id[-_SHORT_ID:]})" if is_shared else info.name


def _device(device: Device) -> str:
    marks = marks_of(device)
    return f"{device.name} ({'; '.join(marks)})" if marks else device.name


def _slots(info: WorkerInfo, uuid: str) -> str:
    """The numbers of the slots that own a device, neighbours as ``0-3``; a share of its memory is told."""
    own = [slot for slot in info.slot_table if uuid in slot.devices]
    runs: list[list[int]] = []
    for slot in own:
        if runs and slot.number == runs[-1][-1] + 1:
            runs[-1].append(slot.number)
        else:
            runs.append([slot.number])
    text = ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    share = next((f" ({slot.memory_bytes / 1e9:.4g} GB each)" for slot in own if slot.memory_bytes), "")
    return text + share if text else "-"


def tally(cases: Mapping[str, int], expected: int) -> str:
    """``120 passed, 3 failed of 200``."""
    parts = [f"{cases[name]} {name}" for name in _ORDER if cases.get(name)]
    text = ", ".join(parts) or "-"
    return f"{text} of {expected}" if expected > sum(cases.values()) else text
