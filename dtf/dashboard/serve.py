"""Starts the dashboard, and ends it."""

import logging
import signal
from collections.abc import Callable

from dtf.bootstrap.ledger import current_ledger
from dtf.bootstrap.monitoring import Laboratory
from dtf.dashboard.application import Dashboard
from dtf.dashboard.cluster_link import link
from dtf.dashboard.options import DashboardOptions
from dtf.domain.errors import BadInputError
from dtf.execution.celery_settings import celery_settings
from dtf.settings import Settings

log = logging.getLogger(__name__)


def run(options: DashboardOptions, settings: Settings, told: Callable[[str], None]) -> int:
    """Serve until SIGTERM or Ctrl-C; the exit status.

    Args:
        options: How it is started.
        settings: dtf's.
        told: Is given what the user is to know, a line at a time.

    Raises:
        BadInputError: The port cannot be had.
        LedgerUnavailableError: The database cannot be reached.
    """
    ledger = current_ledger(settings)
    laboratory = Laboratory(settings, ledger)
    try:
        _serve(Dashboard(options, link(laboratory.broker, celery_settings), laboratory), laboratory, told)
    finally:
        laboratory.close()
        ledger.close()
    return 0


def _serve(application: Dashboard, laboratory: Laboratory, told: Callable[[str], None]) -> None:
    options = application.dashboard_options
    try:
        port = application.start_http_server()
    except OSError as error:
        raise BadInputError(
            f"the dashboard cannot listen on {options.address} port {options.port}: {error.strerror}; "
            "--port and --address choose others"
        ) from error
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: application.io_loop.add_callback_from_signal(application.stop))
    host = f"[{options.address}]" if ":" in options.address else options.address
    told(f"dashboard: http://{host}:{port}{options.prefix}/")
    if not options.is_loopback:
        told("dtf: it has no accounts: whoever can reach this address can see all, and cancel and change what it can")
    if laboratory.broker() is None:
        told(f"no cluster is running in the {laboratory.place}: past runs are shown; start one with: dtf up")
    application.start()
