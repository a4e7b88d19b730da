"""``dtf guardian``: started by a worker; reads what the worker is from its standard input."""

import json
import sys
from pathlib import Path

import click

from dtf.bootstrap.log import configure_log
from dtf.domain.codec import from_json
from dtf.domain.errors import BadInputError
from dtf.domain.worker import WorkerInfo
from dtf.settings import load_settings


@click.command("guardian", hidden=True)
@click.option("--socket", type=click.Path(path_type=Path), required=True, help="Where to listen.")
@click.option("--worker-pid", type=int, required=True, help="The worker's main process.")
def command(socket: Path, worker_pid: int) -> int:
    """Watch over the tests of a worker until the worker is gone."""
    from dtf.bootstrap.guardian import start_guardian  # noqa: PLC0415  # --help is quick

    configure_log()
    try:
        greeting = json.loads(sys.stdin.readline())
    except ValueError as error:
        raise BadInputError("the guardian is started by a worker, which tells it about itself") from error
    return start_guardian(load_settings(), from_json(WorkerInfo, greeting), socket=socket, worker_pid=worker_pid)
