"""``dtf supervisor``: started by the command that finds no embedded cluster."""

import click

from dtf.bootstrap.log import configure_log
from dtf.settings import load_settings


@click.command("supervisor", hidden=True)
def command() -> int:
    """Run the embedded cluster of the state directory until its last user has gone."""
    from dtf.bootstrap.supervisor import run_supervisor  # noqa: PLC0415  # --help is quick

    configure_log()
    return run_supervisor(load_settings())
