"""``dtf status``."""

from typing import TYPE_CHECKING

import click

from dtf.analysis.holding import quarantined
from dtf.analysis.service import COORDINATOR_SILENT_S
from dtf.bootstrap.cluster import is_running
from dtf.cli.options import json_option
from dtf.cli.running.alarm_lines import alarm_json, alarm_lines
from dtf.cli.running.breaker_session import refusing_line
from dtf.cli.running.quarantine_lines import quarantine_json, quarantine_lines
from dtf.cli.session import ledger_session
from dtf.cli.terminal.figures import duration
from dtf.cli.terminal.output import Output
from dtf.cli.terminal.rows import JOB_TITLES, RUN_TITLES, WORKER_TITLES, job_row, run_row, worker_rows
from dtf.cli.terminal.table import table
from dtf.cli.views_json import job_json, run_json, worker_json
from dtf.domain.codec import to_json
from dtf.domain.escape import one_line
from dtf.domain.ports.monitor import CoordinatorView
from dtf.domain.worker import WorkerState
from dtf.settings import Mode, Settings

if TYPE_CHECKING:
    from dtf.bootstrap.ledger import Ledger


@click.command("status")
@click.argument("run", required=False)
@json_option
def command(run: str | None, as_json: bool) -> int:
    """Show the cluster, or one run.

    RUN is a run's id, the beginning of one, or 'last'.
    """
    with ledger_session(as_json=as_json) as (output, settings, ledger):
        if run is None:
            _cluster(output, settings, ledger)
        else:
            _run(run, output, ledger)
    return 0


def _run(name: str, output: Output, ledger: "Ledger") -> None:
    run_id = ledger.views.resolve_run(name)
    run, jobs = ledger.views.run(run_id), ledger.views.jobs(run_id)
    output.data({"run": run_json(run), "jobs": [job_json(job) for job in jobs]})
    now = ledger.views.now()
    for line in table(RUN_TITLES, [run_row(run, now)], output.table_width):
        output.line(line)
    if run.reason:
        output.line(f"reason: {one_line(run.reason)}")
    for label, value in run.labels.items():
        output.line(f"{one_line(label, 100)}: {one_line(str(value))}")
    output.line()
    for line in table(JOB_TITLES, [job_row(job) for job in jobs], output.table_width):
        output.line(line)


def _cluster(output: Output, settings: Settings, ledger: "Ledger") -> None:
    views, running, now = ledger.views, is_running(settings), ledger.views.now()
    leader, workers, backlog = views.leader(), views.workers(), views.backlog()
    standbys = [one for one in ledger.monitor.coordinators() if one.holder != leader.holder and _is_heard(one, now)]
    active = views.runs(limit=50, active_only=True)
    breakers, open_breakers = refusing_line(settings, ledger)
    live = [worker for worker in workers if worker.state is not WorkerState.OFFLINE]
    held, alarms = quarantined(live), views.alarms()
    output.data(
        {
            "mode": str(settings.mode),
            "running": running,
            "leader": to_json(leader),
            "standbys": to_json(standbys),
            "workers": [worker_json(worker) for worker in live],
            "backlog": {queue: dict(states) for queue, states in backlog.items()},
            "runs": [run_json(run) for run in active],
            "breakers": open_breakers,
            "quarantine": quarantine_json(held),
            "operator_needed": alarm_json(alarms),
        }
    )
    output.line(_headline(settings, running))
    if leader.holder and leader.expires_in_s > 0:
        output.line(f"coordinator {leader.holder} leads, term {leader.term}, lease {duration(leader.expires_in_s)}")
    elif running:
        output.line("no coordinator leads")
    for one in standbys:
        output.line(f"coordinator {one_line(one.holder, 60)} stands by on {one_line(one.host, 60)}, process {one.pid}")
    for queue, states in backlog.items():
        waiting = ", ".join(f"{count} {state}" for state, count in states.items() if count)
        output.line(f"queue {one_line(queue, 60)}: {waiting}")
    for line in (*filter(None, (breakers,)), *quarantine_lines(held, now), *alarm_lines(alarms, now)):
        output.line(line)
    rows = worker_rows(live, now)
    for line in table(WORKER_TITLES, rows, output.table_width) if rows else ["no workers"]:
        output.line(line)
    runs = [run_row(run, now) for run in active]
    for line in table(RUN_TITLES, runs, output.table_width) if runs else ["no run is under way"]:
        output.line(line)


def _is_heard(coordinator: CoordinatorView, now: float) -> bool:
    """Whether it stands by still; standbys try for the lease each second."""
    return now - coordinator.seen_at <= COORDINATOR_SILENT_S


def _headline(settings: Settings, running: bool) -> str:
    if settings.mode is Mode.CLUSTER:
        shown = settings.shown()
        return f"cluster: broker {shown['broker_url']}, database {shown['database_url']}"
    state = "running" if running else "not running; start it with: dtf up"
    return f"embedded cluster in {settings.state_dir}: {state}"
