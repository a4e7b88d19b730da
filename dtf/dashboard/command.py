"""What ``dtf dashboard`` and ``celery -A dtf dashboard`` have in common: all but how an error is told.

Celery imports it with each of its commands, in projects of others too, so that it imports next to nothing.
"""

import importlib.util
from collections.abc import Callable
from typing import Any, TypeVar

import click

from dtf.domain.errors import BadInputError

_F = TypeVar("_F", bound=Callable[..., Any])

#: For the help of both.
HELP = """Show the laboratory in a browser, live: runs, jobs, workers, hardware, breakers, recovery.

It is Flower with dtf's pages, reads the ledger, starts nothing, and says what does not run. It has no accounts:
whoever can reach it can use it. It ends by SIGTERM or Ctrl-C.
"""

_OPTIONS = (
    click.option("--port", default=8050, show_default=True, type=click.IntRange(0, 65535), help="0: a free one."),
    click.option("--address", default="127.0.0.1", show_default=True, help="Where it listens."),
    click.option(
        "--update-interval",
        default=5.0,
        show_default=True,
        type=click.FloatRange(0.5, 3600.0),
        help="Seconds between two questions of a page that has lost its live connection.",
    ),
    click.option("--url-prefix", default="", metavar="PATH", help="Below which path all of it stands."),
    click.option("--allow-host", "hosts", multiple=True, metavar="NAME", help="A name by which it may be asked, too."),
    click.option("--read-only", is_flag=True, help="Let nobody change anything by it."),
)


def dashboard_options(command: _F) -> _F:
    """Give a command the dashboard's options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def serve(
    told: Callable[[str], None],
    *,
    port: int,
    address: str,
    update_interval: float,
    url_prefix: str,
    hosts: tuple[str, ...],
    read_only: bool,
) -> int:
    """Serve until told to end; the exit status.

    Args:
        told: Is given what the user is to know, a line at a time.
        port: As the options say; so are the others.
        address: Where it listens.
        update_interval: In seconds.
        url_prefix: Below which path.
        hosts: Further names.
        read_only: Whether nothing can be changed.

    Raises:
        DtfError: It cannot be served.
    """
    from dtf.bootstrap.log import configure_log  # noqa: PLC0415  # Celery's commands load next to nothing of dtf

    configure_log()
    if importlib.util.find_spec("flower") is None:
        raise BadInputError("the dashboard needs Flower: pip install 'dtf[dashboard]'")
    from dtf.dashboard.options import DashboardOptions  # noqa: PLC0415  # --help is quick
    from dtf.dashboard.serve import run  # noqa: PLC0415  # as above
    from dtf.settings import load_settings  # noqa: PLC0415  # as above

    options = DashboardOptions(
        address=address,
        port=port,
        update_interval_s=update_interval,
        url_prefix=url_prefix,
        hosts=hosts,
        read_only=read_only,
    )
    settings = load_settings()
    _ = settings.mode  # half a cluster is an error before anything is done
    return run(options, settings, told)
