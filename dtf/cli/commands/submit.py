"""``dtf submit``."""

import math
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dtf.cli.options import NamedPath, WholeNumber, json_option, pairs
from dtf.cli.running.generate import generate_options, generated_tasks, stray_options
from dtf.cli.running.periodic import periodic_options, periodic_problems, repeat
from dtf.cli.running.request import LONGEST_TIME_S
from dtf.cli.running.submission import Waiting, submit_run
from dtf.cli.running.wishes import allowed_fallback, required, requirement_options, wanted_injection
from dtf.cli.terminal.output import Output
from dtf.domain.errors import BadInputError
from dtf.domain.source import Source
from dtf.domain.specs import HIGHEST_PRIORITY, LOWEST_PRIORITY, RunSpec
from dtf.domain.tasks.document import read_tasks
from dtf.domain.tasks.task import Task
from dtf.settings import Mode, load_settings, process_environment
from dtf.submission.sources import bundled, in_place
from dtf.submission.taskfile.file import load_task_file
from dtf.submission.tasks import Tell, build_run, place_tasks, tell_plainly

if TYPE_CHECKING:
    from dtf.bootstrap.ledger import Ledger

_LONGEST_KEY = 200


@click.command("submit")
@click.option("--task-file", type=NamedPath(), metavar="FILE", help="A task, or a list, as JSON or YAML.")
@click.option("--submit-test", is_flag=True, help="Submit the test of --test-file.")
@click.option("--test-file", metavar="PATH", help="A file, directory or node id for pytest.")
@click.option("--test-args", default="", metavar="ARGS", help="Further arguments for pytest, as one word.")
@click.option(
    "--hardware", metavar="TAG", help="What it runs on [default: cpu]; several, as in cuda,cpu, with --generate."
)
@generate_options
@requirement_options
@click.option("--priority", type=WholeNumber(LOWEST_PRIORITY, HIGHEST_PRIORITY), help="Over the task's own.")
@click.option("--name", default="", help="What the run is called.")
@click.option("--label", "labels", multiple=True, callback=pairs, metavar="K=V", help="Label the run.")
@click.option("--idempotency-key", default="", metavar="KEY", help="A repeat with this key submits nothing new.")
@click.option("--bundle", is_flag=True, help="Pack the source even where the workers see it.")
@click.option("--wait", is_flag=True, help="Wait for the end; exits as dtf run does.")
@click.option("--timeout", type=float, metavar="SEC", help="The limit for the whole run.")
@click.option("--print-result", is_flag=True, help="Wait, and print measures, failures and output.")
@periodic_options
@json_option
def command(**given: Any) -> int:  # noqa: ANN401  # click's values, named below
    """Queue tasks; they run without this command.

    Without a running cluster they wait until there is one.
    """
    output = Output(json_mode=given["as_json"])
    settings = load_settings()
    _check(given)
    tasks, tell = _tasks(given)
    if given["priority"] is not None:
        tasks = [replace(task, priority=given["priority"]) for task in tasks]
    tasks = [
        replace(task, requirements=required(given["require"], given["devices"], *task.requirements)) for task in tasks
    ]
    if given["inject"]:
        tasks = [replace(task, inject=wanted_injection(given["inject"], task.work)) for task in tasks]
    if given["fallback"] is not None:
        tasks = [_with_fallback(task, given["fallback"], tasks) for task in tasks]
    embedded = settings.mode is Mode.EMBEDDED
    placed = place_tasks(tasks, Path.cwd(), environ=process_environment(), in_place=embedded, tell=tell)

    def build(ledger: "Ledger", number: int) -> RunSpec:
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
            idempotency_key=_key(given, number),
            timeout_s=given["timeout"],
        )

    waiting = Waiting(
        wait=given["wait"] or given["print_result"], quiet=not given["print_result"], limit_s=given["timeout"]
    )
    queues = tuple(dict.fromkeys(task.queue for task in tasks))
    fallback = tuple(dict.fromkeys(queue for task in tasks for queue in task.fallback))

    def submit(number: int) -> int:
        def built(ledger: "Ledger") -> RunSpec:
            return build(ledger, number)

        return submit_run(settings, output, queues=queues, fallback=fallback, build=built, waiting=waiting)

    return repeat(submit, output, every_s=given["periodic"], most=given["max_iterations"])


def _with_fallback(task: Task, text: str, tasks: Sequence[Task]) -> Task:
    several = len({one.hardware for one in tasks}) > 1
    return replace(task, fallback=allowed_fallback(text, task.hardware, task.work, several=several))


def _tasks(given: dict[str, Any]) -> tuple[Sequence[Task], Tell]:
    """What is to be submitted, and who tells what is wrong with it."""
    if given["task_file"]:
        file = load_task_file(given["task_file"])
        return file.tasks, file.message
    return generated_tasks(given) if given["generate"] else [_test_task(given)], tell_plainly


def _key(given: dict[str, Any], number: int) -> str:
    """Each round is a run of its own."""
    key: str = given["idempotency_key"]
    return f"{key} round {number}" if key and given["periodic"] is not None else key


def _check(given: dict[str, Any]) -> None:
    problems = [*stray_options(given), *periodic_problems(given)]
    if sum(map(bool, (given["task_file"], given["submit_test"] or given["test_file"], given["generate"]))) != 1:
        problems.append(
            "name either --task-file FILE, or --submit-test --test-file PATH, or --generate benchmark --model MODEL"
        )
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
