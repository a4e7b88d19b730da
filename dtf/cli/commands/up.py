"""``dtf up``."""

from pathlib import Path

import click

from dtf.bootstrap.cluster import join_embedded
from dtf.cli.options import WholeNumber, json_option
from dtf.cli.profiles import find_profile
from dtf.cli.running.host import default_workers
from dtf.cli.running.interrupts import Interrupts
from dtf.cli.terminal.output import Output
from dtf.domain.errors import BadInputError, ClusterError
from dtf.embedded.membership import Membership
from dtf.execution.profile import WorkerProfile
from dtf.settings import Mode, Settings, load_settings, mask

_LOOK_EVERY_S = 1.0
_MOST_RETURNS = 20

_NEXT = """next, in another terminal:
  dtf run PATH...               run a test suite
  dtf submit --task-file FILE   queue tasks
  dtf status                    what runs
  celery -A dtf worker -Q cpu   another worker
Ctrl-C ends the cluster, unless others use it."""


@click.command("up")
@click.option("-n", "--workers", type=WholeNumber(0, 256), metavar="N", help="cpu workers [default: 2].")
@click.option("--profile", "profiles", multiple=True, metavar="FILE", help="A worker like this file; repeatable.")
@json_option
def command(workers: int | None, profiles: tuple[str, ...], as_json: bool) -> int:
    """Start the embedded cluster and keep it running until Ctrl-C."""
    output = Output(json_mode=as_json)
    settings = load_settings()
    if settings.mode is Mode.CLUSTER:
        raise BadInputError(
            "'dtf up' is for the embedded cluster, and DTF_BROKER_URL and DTF_DATABASE_URL name another one: "
            "start 'dtf coordinator' and 'dtf worker' for that"
        )
    found = [find_profile(word) for word in profiles]
    count = workers if workers is not None else 0 if found else default_workers()
    with Interrupts() as interrupts:
        membership = join_embedded(settings, workers=count, profiles=found)
        try:
            _tell(membership, settings, output)
            membership = _stay(membership, settings, output, count, found, interrupts)
        finally:
            membership.leave()
    output.line("the cluster has ended, unless others use it")
    return 0


def _stay(
    membership: Membership,
    settings: Settings,
    output: Output,
    count: int,
    profiles: list[WorkerProfile],
    interrupts: Interrupts,
) -> Membership:
    """Wait for Ctrl-C; start the cluster again when its supervisor was killed."""
    returns, told = 0, ""
    while not interrupts.wait(_LOOK_EVERY_S):
        trouble = membership.trouble()
        if not trouble:
            continue
        try:
            membership.status()
        except ClusterError:
            returns += 1
            if returns > _MOST_RETURNS:
                raise
            output.note(f"dtf: {trouble}; starting it again")
            membership.leave()
            membership = join_embedded(settings, workers=count, profiles=profiles)
            continue
        if trouble != told:
            told = trouble
            output.note(f"dtf: {trouble}")
    return membership


def _tell(membership: Membership, settings: Settings, output: Output) -> None:
    processes = membership.status().get("processes", [])
    urls = {"broker_url": mask(membership.broker_url), "database_url": mask(membership.database_url)}
    output.data({"state_dir": str(settings.state_dir), **urls, "processes": processes})
    output.line(f"the embedded cluster of {settings.state_dir} is up:")
    for process in processes:
        output.line(f"  {process['name']:<14} pid {process['pid']:<8} {process['state']}")
    output.line(f"logs are in {Path(settings.state_dir) / 'log'}")
    output.line(_NEXT)
