"""``dtf dashboard``."""

from typing import Any

import click

from dtf.cli.terminal.output import Output
from dtf.dashboard.command import HELP, dashboard_options, serve


@click.command("dashboard", help=HELP)
@dashboard_options
def command(**options: Any) -> int:  # noqa: ANN401  # the options', of several types
    """Start it."""
    return serve(Output().line, **options)
