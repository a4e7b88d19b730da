"""``celery -A dtf dashboard``: Celery finds it by its entry point in the group ``celery.commands``.

Celery imports it whatever command it is to run, so that it imports next to nothing.
"""

from typing import Any

import click

from dtf.dashboard.command import HELP, dashboard_options, serve
from dtf.domain.errors import DtfError


@click.command("dashboard", help=HELP)
@dashboard_options
@click.pass_context
def dashboard(context: click.Context, /, **options: Any) -> None:  # noqa: ANN401  # the options', of several types
    """Start it, and tell an error in one line."""
    try:
        status = serve(click.echo, **options)
    except DtfError as error:
        from dtf.settings import mask  # noqa: PLC0415  # Celery's commands load next to nothing of dtf

        click.echo(f"dtf: {mask(str(error))}", err=True)
        status = error.exit_code
    context.exit(status)
