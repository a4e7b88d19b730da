"""``dtf submit``."""

import math
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dtf.cli.options import NamedPath, json_option, pairs
from dtf.cli.running.request import LONGEST_TIME_S
from dtf.cli.running.sources import bundled, in_place
from dtf.cli.running.submission import Waiting, submit_run
from dtf.cli.running.tasks import build_run, place_tasks, tell_plainly
from dtf.cli.running.wishes import required, requirement_options
from dtf.cli.taskfile.file import load_task_file
from dtf.cli.terminal.output import Output
from dtf.domain.errors import BadInputError
from dtf.domain.source import Source
from dtf.domain.specs import HIGHEST_PRIORITY, LOWEST_PRIORITY, RunSpec
from dtf.domain.tasks.document import read_tasks
from dtf.domain.tasks.task import Task
from dtf.settings import Mode, load_settings, process_environment

if TYPE_CHECKING:
    from dtf.bootstrap.ledger import Ledger

_LONGEST_KEY = 200


@click.command("submit")
@click.option("--task-file", type=NamedPath(), metavar="FILE", help="A task, or a list, as JSON or YAML.")
@click.option("--submit-test", is_flag=True, help="Submit the test of --test-file.")
@click.option("--test-file", metavar="PATH", help="A file, directory or node id for pytest.")
@click.option("--test-args", default="", metavar="ARGS", help="Further arguments for pytest, as one word.")
@click.option("--hardware", metavar="TAG", help="What --submit-test runs on [default: cpu].")
@requirement_options
@click.option("--priority", type=click.IntRange(LOWEST_PRIORITY, HIGHEST_PRIORITY), help="Over the task's own.")
@click.option("--name", default="", help="What the run is called.")
@click.option("--label", "labels", multiple=True, callback=pairs, metavar="K=V", help="Label the run.")
@click.option("--idempotency-key", default="", metavar="KEY", help="A repeat with this key submits nothing new.")
@click.option("--bundle", is_flag=True, help="Pack the source even where the workers see it.")
@click.option("--wait", is_flag=True, help="Wait for the end; exits as dtf run does.")
@click.option("--timeout", type=float, metavar="SEC", help="The limit for the whole run.")
@click.option("--print-result", is_flag=True, help="With --wait: print failures and output as dtf run does.")
@json_option
def command(**given: Any) -> int:  # noqa: ANN401  # click's values, named below
    """Queue tasks; they run without this command.

    Without a running cluster they wait until there is one.
    """
    output = Output(json_mode=given["as_json"])
    settings = load_settings()
    _check(given)
    file = load_task_file(given["task_file"]) if given["task_file"] else None
    tasks = file.tasks if file is not None else [_test_task(given)]
    if given["priority"] is not None:
        tasks = [replace(task, priority=given["priority"]) for task in tasks]
    tasks = [
        replace(task, requirements=required(given["require"], given["devices"], *task.requirements)) for task in tasks
    ]
    embedded = settings.mode is Mode.EMBEDDED
    tell = file.message if file is not None else tell_plainly
    placed = place_tasks(tasks, Path.cwd(), environ=process_environment(), in_place=embedded, tell=tell)

    def build(ledger: "Ledger") -> RunSpec:
        def source(root: Path, subdirectory: str) -> Source:
            if embedded and not given["bundle"]:
                return in_place(root, subdirectory)
            return bundled(root, subdirectory, ledger.blobs, settings.bundle_cap_bytes)

        return build_run(
            placed,
            source=source,
            name=given["name"],
            environ=process_environment(),
            own_labels=given["labels"],
            idempotency_key=given["idempotency_key"],
            timeout_s=given["timeout"],
        )

    waiting = Waiting(
        wait=given["wait"] or given["print_result"], quiet=not given["print_result"], limit_s=given["timeout"]
    )
    queues = tuple(dict.fromkeys(task.queue for task in tasks))
    return submit_run(settings, output, queues=queues, build=build, waiting=waiting)


def _check(given: dict[str, Any]) -> None:
    problems = []
    if bool(given["task_file"]) == bool(given["submit_test"] or given["test_file"]):
        problems.append("name either --task-file FILE, or --submit-test --test-file PATH")
    elif given["submit_test"] and not given["test_file"]:
        problems.append("--submit-test needs --test-file PATH")
    timeout = given["timeout"]
    if timeout is not None and not (math.isfinite(timeout) and 0 < timeout <= LONGEST_TIME_S):
        problems.append(f"--timeout must be more than 0 and at most {LONGEST_TIME_S:.0f} seconds")
    for option in ("idempotency_key", "name"):
        text = given[option]
        if len(text) > _LONGEST_KEY or not text.isprintable():
            problems.append(f"--{option.replace('_', '-')} must be at most {_LONGEST_KEY} printable characters")
    if problems:
        raise BadInputError("\n".join(problems))


def _test_task(given: dict[str, Any]) -> Task:
    try:
        args = shlex.split(given["test_args"])
    except ValueError as error:
        raise BadInputError(f"--test-args cannot be split into arguments: {error}") from error
    config: dict[str, Any] = {"test_file": given["test_file"], "test_args": args}
    if given["hardware"]:
        config["hardware_requirements"] = {"hardware": given["hardware"]}
    tasks, problems = read_tasks({"type": "test", "config": config})
    if problems:
        raise BadInputError("\n".join(problem.message for problem in problems))
    return tasks[0]
