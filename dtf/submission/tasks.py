"""From the tasks of a task file to the run that is submitted."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dtf.domain.errors import BadInputError
from dtf.domain.escape import one_line
from dtf.domain.source import Source
from dtf.domain.specs import BenchmarkWork, BrowserWork, CommandWork, JobSpec, PytestWork, RunSpec
from dtf.domain.tasks.task import Problem, Task
from dtf.submission.git import state, top_level
from dtf.submission.interpreter import carried_environment, choose_python
from dtf.submission.labels import labels
from dtf.submission.model_files import check_model_files
from dtf.submission.place import locate

#: Tells the problems of tasks, each place beginning with the task's number from 0.
Tell = Callable[[Sequence[Problem]], str]

#: Gives the source of a root and a working directory below it.
SourceMaker = Callable[[Path, str], Source]


#: The key of a task's config that names its files.
_FILE_KEYS = {PytestWork: "test_file", CommandWork: "argv", BenchmarkWork: "model", BrowserWork: "target"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedTask:
    """A task with its directories.

    Attributes:
        task: The task; a suite's paths are relative to the working directory.
        root: What is used in place or travels.
        subdirectory: The working directory below it.
    """

    task: Task
    root: Path
    subdirectory: str


def tell_plainly(problems: Sequence[Problem]) -> str:
    """The problems of a task that stands in no file."""
    return "\n".join(problem.message for problem in problems)


def place_tasks(
    tasks: Sequence[Task], cwd: Path, *, environ: Mapping[str, str], in_place: bool, tell: Tell = tell_plainly
) -> list[PlacedTask]:
    """Find the directories of all tasks, and the interpreters of suites where the workers share this machine's.

    Args:
        tasks: The tasks.
        cwd: Where the submitter is.
        environ: The submitter's environment.
        in_place: Whether the workers see the submitter's files and interpreters.
        tell: Makes the message.

    Raises:
        BadInputError: Some do not exist; the message tells all of them.
    """
    problems: list[Problem] = []
    placed = []
    for index, task in enumerate(tasks):
        key = "cwd"
        try:
            directory = _directory(task.cwd, cwd)
            key = _FILE_KEYS[task.work.__class__]
            one = _place(task, directory)
            key = "python"
            placed.append(_with_python(one, cwd, environ) if in_place else one)
        except BadInputError as error:
            problems += [Problem(place=(index, "config", key), message=line) for line in str(error).split("\n")]
    if problems:
        raise BadInputError(tell(problems))
    return placed


def build_run(
    placed: Sequence[PlacedTask],
    *,
    source: SourceMaker,
    name: str,
    environ: Mapping[str, str],
    own_labels: Mapping[str, str],
    idempotency_key: str = "",
    timeout_s: float | None = None,
) -> RunSpec:
    """The run of these tasks, each source made once."""
    made: dict[tuple[Path, str], Source] = {}
    jobs = []
    for one in placed:
        where = (one.root, one.subdirectory)
        if where not in made:
            made[where] = source(*where)
        jobs.append(_job(one.task, made[where]))
    root = placed[0].root
    told = labels(environ, state(root), one_line(root.name, 200), own_labels)
    return RunSpec(
        jobs=tuple(jobs),
        name=name or placed[0].task.name,
        labels=told,
        idempotency_key=idempotency_key,
        timeout_s=timeout_s,
    )


def _job(task: Task, source: Source) -> JobSpec:
    return JobSpec(
        name=task.name,
        work=task.work,
        source=source,
        hardware=task.hardware,
        requirements=task.requirements,
        priority=task.priority,
        timeout_s=task.timeout_s,
        max_retries=task.max_retries,
        fallback=task.fallback,
        inject=task.inject,
    )


def _place(task: Task, directory: Path) -> PlacedTask:
    if isinstance(task.work, PytestWork):
        found = locate(task.work.paths, directory)
        work = replace(task.work, paths=found.paths)
        return PlacedTask(task=replace(task, work=work), root=found.root, subdirectory=found.subdirectory)
    if isinstance(task.work, CommandWork):
        _check_program(task.work, directory)
    top = top_level(directory)
    root = top if top is not None and directory.is_relative_to(top) else directory
    if isinstance(task.work, BenchmarkWork | BrowserWork):
        check_model_files(task.work, directory, root)
    return PlacedTask(task=task, root=root, subdirectory=str(directory.relative_to(root)))


def _with_python(one: PlacedTask, cwd: Path, environ: Mapping[str, str]) -> PlacedTask:
    work = one.task.work
    if not isinstance(work, PytestWork):
        return one
    python = choose_python(work.python, environ=environ, cwd=cwd, workdir=one.root / one.subdirectory, root=one.root)
    variables = {**carried_environment(environ), **work.environment}
    return replace(one, task=replace(one.task, work=replace(work, python=python, environment=variables)))


def _directory(named: str, cwd: Path) -> Path:
    try:
        directory = Path(os.path.realpath(cwd / named))
        if directory.is_dir():
            return directory
        reason = "not a directory" if directory.exists() else "there is no such directory"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
    raise BadInputError(f"{one_line(named, 200)!r}: {reason}")


def _check_program(work: CommandWork, directory: Path) -> None:
    """A program that is named by a relative path is part of the source, so it must be there."""
    program = work.argv[0]
    if "/" in program and not program.startswith("/") and not (directory / program).is_file():
        raise BadInputError(f"{one_line(program, 200)!r}: there is no such file")
