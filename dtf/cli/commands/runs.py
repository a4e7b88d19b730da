"""``dtf runs``."""

import click

from dtf.cli.options import WholeNumber, json_option
from dtf.cli.session import ledger_session
from dtf.cli.terminal.rows import RUN_TITLES, run_row
from dtf.cli.terminal.table import table
from dtf.cli.views_json import run_json


@click.command("runs")
@click.option("--limit", type=WholeNumber(1, 10_000), default=20, metavar="N", help="How many [default: 20].")
@click.option("--active", is_flag=True, help="Only those that are not finished.")
@json_option
def command(limit: int, active: bool, as_json: bool) -> int:
    """List the newest runs."""
    with ledger_session(as_json=as_json) as (output, _, ledger):
        found = ledger.views.runs(limit=limit, active_only=active)
        output.data({"runs": [run_json(run) for run in found]})
        if not found:
            output.line("no runs yet" if not active else "no run is under way")
            return 0
        now = ledger.views.now()
        for line in table(RUN_TITLES, [run_row(run, now) for run in found], output.table_width):
            output.line(line)
    return 0
