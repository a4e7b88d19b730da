"""``dtf dashboard``."""

import importlib.util

import click

from dtf.cli.log import configure_log
from dtf.cli.terminal.output import Output
from dtf.domain.errors import BadInputError
from dtf.settings import load_settings


@click.command("dashboard")
@click.option("--port", default=8050, show_default=True, type=click.IntRange(0, 65535), help="0: a free one.")
@click.option("--address", default="127.0.0.1", show_default=True, help="Where it listens.")
@click.option(
    "--update-interval",
    default=5.0,
    show_default=True,
    type=click.FloatRange(0.5, 3600.0),
    help="Seconds between two questions of a page that has lost its live connection.",
)
@click.option("--url-prefix", default="", metavar="PATH", help="Below which path all of it stands.")
@click.option("--allow-host", "hosts", multiple=True, metavar="NAME", help="A name by which it may be asked, too.")
@click.option("--read-only", is_flag=True, help="Let nobody change anything by it.")
def command(
    port: int, address: str, update_interval: float, url_prefix: str, hosts: tuple[str, ...], read_only: bool
) -> int:
    """Show the laboratory in a browser, live: runs, jobs, workers, hardware, breakers, recovery.

    It is Flower with dtf's pages, reads the ledger, starts nothing, and says what does not run. It has no accounts:
    whoever can reach it can use it. It ends by SIGTERM or Ctrl-C.
    """
    configure_log()
    if importlib.util.find_spec("flower") is None:
        raise BadInputError("the dashboard needs Flower: pip install 'dtf[dashboard]'")
    from dtf.dashboard.options import DashboardOptions  # noqa: PLC0415  # --help is quick
    from dtf.dashboard.serve import run  # noqa: PLC0415  # as above

    settings = load_settings()
    options = DashboardOptions(
        address=address,
        port=port,
        update_interval_s=update_interval,
        url_prefix=url_prefix,
        hosts=hosts,
        read_only=read_only,
    )
    output = Output()
    return run(options, settings, output.line)
