"""``dtf coordinator``."""

import os
import signal
import socket
import threading
import time
from types import FrameType

import click

from dtf.bootstrap.cluster import find_endpoints
from dtf.bootstrap.log import configure_log
from dtf.cli.terminal.output import Output
from dtf.settings import load_settings


@click.command("coordinator")
@click.option("--host", help="Accepted for the earlier framework: workers find the database, not a host.")
@click.option("--port", type=int, help="Accepted for the earlier framework: nothing listens.")
@click.option("--worker-auto-discovery", is_flag=True, help="Accepted: workers always register themselves.")
@click.option("--batch-processing", is_flag=True, help="Accepted: shards are always cut to batches of tests.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON on standard output when it has ended.")
def command(
    host: str | None, port: int | None, worker_auto_discovery: bool, batch_processing: bool, as_json: bool
) -> int:
    """Start a coordinator: one leads, the others stand by.

    It dispatches, takes back what dead workers held, and settles what is done. Any number of them may run; one leads
    for as long as it renews its lease, and another takes over within 12 s of its death. It ends by SIGTERM or Ctrl-C;
    the line of --json tells then what it was: host, pid, mode, what stopped it, and for how many seconds it ran.
    """
    from dtf.bootstrap.coordinator import run_coordinator  # noqa: PLC0415  # --help is quick

    configure_log()
    _explain(host, port, worker_auto_discovery, batch_processing)
    settings = load_settings()
    stop = threading.Event()
    began, came = time.monotonic(), []

    def end(number: int, _frame: FrameType | None) -> None:
        came.append(signal.Signals(number).name)
        stop.set()

    endpoints = find_endpoints(settings)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    try:
        run_coordinator(settings, broker_url=endpoints.broker_url, database_url=endpoints.database_url, stop=stop)
    finally:
        if endpoints.membership is not None:
            endpoints.membership.leave()
    what = {"host": socket.gethostname(), "pid": os.getpid(), "mode": str(settings.mode)}
    ended = {"stopped_by": came[0] if came else None, "duration_s": round(time.monotonic() - began, 3)}
    Output(json_mode=as_json).data({"coordinator": what, **ended, "exit_code": 0})
    return 0


def _explain(host: str | None, port: int | None, discovery: bool, batches: bool) -> None:
    meanings = (
        (host or port, "--host and --port do nothing: coordinators meet in the database and listen nowhere"),
        (discovery, "--worker-auto-discovery is always on: workers register in the database"),
        (batches, "--batch-processing is always on: suites are cut into shards of several tests"),
    )
    for given, meaning in meanings:
        if given:
            click.echo(f"dtf: {meaning}", err=True)
