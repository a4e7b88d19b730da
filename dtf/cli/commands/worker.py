"""``dtf worker``."""

import os
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

import click

from dtf.cli.detection import show_devices
from dtf.cli.options import WholeNumber
from dtf.cli.passthrough import PassThroughCommand, after_double_dash
from dtf.cli.profiles import find_profile, is_named
from dtf.cli.terminal.output import Output
from dtf.domain.errors import BadInputError
from dtf.domain.queue import queue_name, split_queue
from dtf.domain.requirement import Comparison, parse_requirement
from dtf.domain.specs import HARDWARE_TAGS
from dtf.domain.suggestion import did_you_mean
from dtf.execution.profile import WorkerProfile
from dtf.settings import load_settings, process_environment

_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@click.command("worker", cls=PassThroughCommand)
@click.option(
    "-Q", "--queues", default="", metavar="TAG[,TAG]", help="What it serves [default: what it has devices for]."
)
@click.option("-c", "--slots", "--concurrency", type=WholeNumber(1, 1024), help="Shards at a time.")
@click.option("--tags", default="", metavar="A,B", help="Free tags under which it registers.")
@click.option("--profile", metavar="NAME|FILE", help="benchmark, test, light, or a TOML file like workers/cpu.toml.")
@click.option("-n", "--name", "--hostname", default="", help="Its name in the cluster.")
@click.option("--detect-only", is_flag=True, help="Show the devices that it would register, and end.")
@click.option("-l", "--loglevel", type=click.Choice(_LOG_LEVELS, case_sensitive=False), default="INFO")
@click.option("-P", "--pool", type=click.Choice(["prefork", "solo"]), help="Celery's pool [default: prefork].")
@click.option("--high-availability", is_flag=True, help="Accepted: what a lost worker held always runs elsewhere.")
@click.option("--auto-register", is_flag=True, help="Accepted: a worker always registers itself.")
@click.option("--coordinator-url", help="Accepted and ignored: see DTF_BROKER_URL and DTF_DATABASE_URL.")
@click.option("--api-key", help="Accepted and ignored: there are no accounts.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON on standard output, as the worker starts.")
@click.pass_context
def command(context: click.Context, /, **given: Any) -> int:  # noqa: ANN401  # click's values, named below
    """Start a worker on this machine; the same as 'celery -A dtf worker'.

    It detects the hardware, registers, and serves the queues that it has devices for. Without DTF_BROKER_URL and
    DTF_DATABASE_URL it joins the embedded cluster. Options of Celery go after '--'.
    """
    output = Output(json_mode=given["as_json"])
    settings = load_settings()
    _ = settings.mode  # half a cluster is an error here, not in Celery's log
    queues = _queues(given["queues"])
    _check_tags(given["tags"])
    profile = find_profile(given["profile"]) if given["profile"] else None
    if given["detect_only"]:
        return show_devices(output, settings, process_environment(), queues.split(",") if queues else ())
    _explain(given, output)
    named = given["profile"] is not None and is_named(given["profile"])
    arguments = celery_arguments(given, queues, profile, named=named)
    environment = worker_environment(given["tags"], profile, process_environment())
    if given["as_json"]:
        output.data({"pid": os.getpid(), "queues": queues.split(",") if queues else [], "command": list(arguments)})
        os.dup2(2, 1)  # Celery's banner is for people
    sys.stdout.flush()
    return _replace(("-P", "-m", "celery", *arguments, *(after_double_dash(context) or ())), environment)


def celery_arguments(
    given: Mapping[str, Any], queues: str, profile: WorkerProfile | None, *, named: bool
) -> tuple[str, ...]:
    """What Celery is told; what is named on the command line outweighs the profile.

    Args:
        given: The command's options.
        queues: The queues; empty: not named.
        profile: The profile; None: none.
        named: Whether the profile is one of those with a name, which leave the queue open.
    """
    served = queues or (profile.queue if profile is not None and not named else "")
    slots = given["slots"] or (profile.concurrency if profile is not None else 0)
    pool = given["pool"] or (profile.pool if profile is not None else "")
    arguments = ["-A", "dtf", "worker", "--loglevel", given["loglevel"]]
    arguments += ["--queues", served] if served else []
    arguments += ["--concurrency", str(slots)] if slots else []
    arguments += ["--pool", pool] if pool else []
    arguments += ["--hostname", _node(given["name"])] if given["name"] else []
    return tuple(arguments)


def worker_environment(tags: str, profile: WorkerProfile | None, environ: Mapping[str, str]) -> dict[str, str]:
    """The worker's environment: its own, the profile's, and its tags."""
    own = list(profile.tags) if profile is not None else []
    all_tags = ",".join(word.strip() for word in [*own, *tags.split(",")] if word.strip())
    extra = {"DTF_WORKER_TAGS": all_tags} if all_tags else {}
    return {**environ, **(profile.variables if profile is not None else {}), **extra}


def _queues(text: str) -> str:
    """The queues' names, those of requirement queues in canonical form."""
    return ",".join(_queue(word.strip()) for word in text.split(",") if word.strip())


def _queue(name: str) -> str:
    tag, requirements = split_queue(name)
    if tag not in HARDWARE_TAGS:
        hint = did_you_mean(tag, HARDWARE_TAGS)
        raise BadInputError(f"unknown hardware {tag[:80]!r}{hint}; known: {', '.join(HARDWARE_TAGS)}")
    return queue_name(tag, (requirement.text for requirement in requirements))


def _check_tags(text: str) -> None:
    """A tag that no requirement can name would be of no use."""
    for word in (part.strip() for part in text.split(",")):
        try:
            is_word = parse_requirement(word).comparison is Comparison.HAS
        except BadInputError:
            is_word = False
        if word and not is_word:
            raise BadInputError(
                f"--tags {word[:80]!r} is no tag: one is a letter and up to 63 letters, digits and signs of _ . -"
            )


def _node(name: str) -> str:
    return name if "@" in name else f"{name}@%h"


def _explain(given: Mapping[str, Any], output: Output) -> None:
    if given["api_key"]:
        output.note("dtf: --api-key is ignored: there are no accounts; who reaches broker and database is in")
    if given["coordinator_url"]:
        output.note("dtf: --coordinator-url is ignored: a worker finds its cluster by DTF_BROKER_URL and")
        output.note("     DTF_DATABASE_URL, or by the state directory")


def _replace(arguments: tuple[str, ...], environment: Mapping[str, str]) -> NoReturn:
    """Become Celery: one process, which gets the signals that are meant for it."""
    os.execve(sys.executable, [sys.executable, *arguments], dict(environment))  # noqa: S606  # no shell is wanted
