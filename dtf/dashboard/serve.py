"""Starts the dashboard, and ends it."""

import logging
import signal
from collections.abc import Callable

from dtf.dashboard.application import Dashboard
from dtf.dashboard.cluster_link import LinkedCelery
from dtf.dashboard.options import DashboardOptions
from dtf.dashboard.urls import pages

log = logging.getLogger(__name__)


def serve(options: DashboardOptions, capp: LinkedCelery, told: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Args:
        options: How it is started.
        capp: Celery.
        told: Is given the address, once it answers.

    Raises:
        OSError: The port cannot be had.
    """
    application = Dashboard(options, capp, pages())
    port = application.start_http_server()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: application.io_loop.add_callback_from_signal(application.stop))
    host = f"[{options.address}]" if ":" in options.address else options.address
    told(f"http://{host}:{port}{options.prefix}/")
    application.start()
