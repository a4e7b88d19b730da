"""Starts the dashboard, and ends it."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Mapping

from dtf.bootstrap.ledger import current_ledger
from dtf.bootstrap.monitoring import Laboratory
from dtf.dashboard.application import Dashboard
from dtf.dashboard.cluster_link import link
from dtf.dashboard.options import DashboardOptions
from dtf.domain.errors import BadInputError
from dtf.execution.celery_settings import celery_settings
from dtf.settings import Settings, process_environment

log = logging.getLogger(__name__)

#: Flower's settings for who may use it.
_PROTECTING = frozenset(
    f"FLOWER_{name}" for name in ("AUTH", "AUTH_PROVIDER", "BASIC_AUTH", "CA_CERTS", "CERTFILE", "OAUTH2_KEY")
)
#: How long threads that wait for an answer may hold up the end, in seconds.
_LEAVE_S = 2.0


def run(options: DashboardOptions, settings: Settings, told: Callable[[str], None]) -> int:
    """Serve until SIGTERM, SIGHUP or Ctrl-C; the exit status.

    Args:
        options: How it is started.
        settings: dtf's.
        told: Is given what the user is to know, a line at a time.

    Raises:
        BadInputError: The port cannot be had.
        LedgerUnavailableError: The database cannot be reached.
    """
    _refuse_flowers(process_environment())
    # what creating the first ledger does is of no interest here
    logging.getLogger("alembic").setLevel(logging.WARNING)
    ledger = current_ledger(settings)
    try:
        laboratory = Laboratory(settings, ledger)
        try:
            _serve(Dashboard(options, link(laboratory.broker, celery_settings), laboratory), laboratory, told)
        finally:
            laboratory.close()
    finally:
        ledger.close()
    _leave_within(_LEAVE_S)
    return 0


def _serve(application: Dashboard, laboratory: Laboratory, told: Callable[[str], None]) -> None:
    options = application.dashboard_options
    try:
        port = application.start_http_server()
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no name"
        raise BadInputError(
            f"the dashboard cannot listen on {options.address[:80]} port {options.port}: {reason}; "
            "--port and --address choose others"
        ) from error
    # a terminal that is closed ends it, too, unless it was started to outlive it
    ends = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        ends.append(signal.SIGHUP)
    for number in ends:
        signal.signal(number, lambda *_: application.io_loop.add_callback_from_signal(application.stop))
    host = f"[{options.address}]" if ":" in options.address else options.address
    told(f"dashboard: http://{host}:{port}{options.prefix}/")
    if not options.is_loopback:
        told("dtf: it has no accounts: whoever can reach it can see all, and cancel and change what it can")
    if laboratory.broker() is None:
        told(f"no cluster is running in the {laboratory.place}: past runs are shown; start one with: dtf up")
    application.start()


def _refuse_flowers(environ: Mapping[str, str]) -> None:
    """Refuse to be open to all where somebody believes that Flower's settings protect it."""
    unkept = sorted(name for name in environ if name in _PROTECTING and environ[name])
    if unkept:
        raise BadInputError(
            f"{', '.join(unkept)}: the dashboard has no accounts and does not keep what Flower's settings protect; "
            "unset it, and put a proxy that knows your people before the dashboard"
        )


def _leave_within(seconds: float) -> None:
    """Have the process end, though a thread may wait for a broker or a database that does not answer.

    Python would wait for that thread, which has nothing left to do that anybody waits for.
    """
    timer = threading.Timer(seconds, os._exit, (0,))
    timer.daemon = True
    timer.start()
