"""``dtf workers``."""

import click

from dtf.cli.options import json_option
from dtf.cli.running.breaker_session import refusing_line
from dtf.cli.session import ledger_session
from dtf.cli.terminal.rows import DEVICE_TITLES, WORKER_TITLES, device_rows, worker_rows
from dtf.cli.terminal.table import table
from dtf.cli.views_json import worker_json
from dtf.domain.worker import WorkerState


@click.command("workers")
@click.option("--all", "every", is_flag=True, help="Those that are offline, too.")
@json_option
def command(every: bool, as_json: bool) -> int:
    """List the workers and their devices."""
    with ledger_session(as_json=as_json) as (output, settings, ledger):
        found = [w for w in ledger.views.workers() if every or w.state is not WorkerState.OFFLINE]
        breakers, open_breakers = refusing_line(settings, ledger)
        output.data({"workers": [worker_json(worker) for worker in found], "breakers": open_breakers})
        if not found:
            output.line("no workers; start some with: dtf up, or dtf worker")
            return 0
        now = ledger.views.now()
        for line in table(WORKER_TITLES, worker_rows(found, now), output.table_width):
            output.line(line)
        rows = device_rows(found)
        for line in ["", *table(DEVICE_TITLES, rows, output.table_width)] if rows else []:
            output.line(line)
        for line in ["", breakers] if breakers else []:
            output.line(line)
    return 0
