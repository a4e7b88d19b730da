"""What ``dtf run`` was asked for, validated whole before anything is written."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dtf.cli.running.wishes import allowed_fallback, required, wanted_injection
from dtf.domain.errors import BadInputError
from dtf.domain.escape import one_line
from dtf.domain.injection import InjectionSpec
from dtf.domain.queue import queue_name
from dtf.domain.specs import (
    DEFAULT_PRIORITY,
    HARDWARE_TAGS,
    HIGHEST_PRIORITY,
    LOWEST_PRIORITY,
    CommandWork,
    PytestWork,
    Work,
)
from dtf.domain.suggestion import did_you_mean
from dtf.domain.work import Isolation
from dtf.submission.interpreter import carried_environment, choose_python
from dtf.submission.place import Place, locate

#: The most that Linux passes as one argument.
LONGEST_ARGUMENT = 131_071
LONGEST_TIME_S = 30 * 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The arguments of ``dtf run`` as they were given.

    Attributes:
        paths: Files, directories, node ids.
        command: A program with its arguments in place of a suite; None: a suite.
        hardware: The tags, separated by commas.
        require: What narrows each of them, as it was given.
        devices: How many devices a job gets; None: not given.
        fallback: What may run it in place of them, separated by commas; None: nothing.
        inject: The failure that its jobs are to meet once; empty: none.
        variables: ``NAME`` or ``NAME=VALUE`` words.
        environ: The caller's environment.
        cwd: The caller's directory.
        in_place: Whether the workers see the caller's files and interpreter.
    """

    paths: tuple[str, ...] = ()
    command: tuple[str, ...] | None = None
    keyword: str = ""
    marker: str = ""
    max_failures: int = 0
    args: tuple[str, ...] = ()
    hardware: str = "cpu"
    require: tuple[str, ...] = ()
    devices: int | None = None
    fallback: str | None = None
    inject: str = ""
    timeout_s: float | None = None
    test_timeout_s: float = 3600.0
    python: str = ""
    variables: tuple[str, ...] = ()
    isolation: Isolation = Isolation.SLOT
    name: str = ""
    priority: int = DEFAULT_PRIORITY
    environ: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = Path()
    in_place: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be submitted, but for the source.

    Attributes:
        name: Of the run and its jobs.
        place: Where the files are.
        work: What to execute.
        tags: The hardware tags, one job each.
        requirements: What narrows each of them, in canonical form.
        fallback: For each of them the queues that may take its job while its breakers are open.
        inject: The failure that its jobs are to meet once; None: none.
    """

    name: str
    place: Place
    work: Work
    tags: tuple[str, ...]
    requirements: tuple[str, ...] = ()
    fallback: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    inject: InjectionSpec | None = None

    @property
    def queues(self) -> tuple[str, ...]:
        """Where the jobs will wait."""
        return tuple(queue_name(tag, self.requirements) for tag in self.tags)

    @property
    def fallback_queues(self) -> tuple[str, ...]:
        """Where they may wait in place of these."""
        return tuple(dict.fromkeys(queue for queues in self.fallback.values() for queue in queues))


def check(request: Request) -> Plan:
    """Validate a request.

    Raises:
        BadInputError: Something is wrong; the message tells all of it.
    """
    problems = [*_texts(request), *_numbers(request)]
    place = Place(root=request.cwd, subdirectory=".", paths=())
    try:
        place = locate(request.paths, request.cwd)
    except BadInputError as error:
        problems += str(error).split("\n")
    tags = _tags(request.hardware, problems)
    requirements = _requirements(request, problems)
    fallback = _fallback(request, tags, problems)
    inject = _injection(request, problems)
    environment = _environment(request, problems)
    python = _python(request, place, problems)
    if problems:
        raise BadInputError("\n  ".join(problems) if len(problems) == 1 else "\n  ".join(["bad input:", *problems]))
    if request.command is not None:
        work: Work = CommandWork(argv=request.command, environment=environment)
    else:
        work = PytestWork(
            paths=place.paths,
            keyword=request.keyword,
            marker=request.marker,
            max_failures=request.max_failures,
            args=request.args,
            python=python,
            environment=environment,
            isolation=request.isolation,
        )
    name = request.name or _name(request, place)
    return Plan(
        name=name, place=place, work=work, tags=tags, requirements=requirements, fallback=fallback, inject=inject
    )


def _texts(request: Request) -> list[str]:
    problems = []
    named = {"-k": request.keyword, "-m": request.marker, "--name": request.name, "--python": request.python}
    given = [*named.items(), *(("an argument", text) for text in (*request.args, *(request.command or ())))]
    for what, text in given:
        if "\0" in text:
            problems.append(f"{what} has a NUL byte")
        if len(text) > LONGEST_ARGUMENT:
            problems.append(f"{what} is too long: {len(text)} characters")
    if len(request.name) > 500 or not request.name.isprintable():
        problems.append("--name must be at most 500 characters that can be printed")
    if request.command is not None:
        if not request.command or not request.command[0]:
            problems.append("--command needs a program: dtf run --command -- PROGRAM [ARGUMENT...]")
        if request.paths:
            problems.append("--command takes no paths; put the program after --")
        if idle := _of_suites(request):
            problems.append(f"--command runs a program, not tests: {', '.join(idle)} cannot apply")
    return problems


def _of_suites(request: Request) -> list[str]:
    """The options that were given and only mean something to a suite."""
    given = {
        "-k": bool(request.keyword),
        "-m": bool(request.marker),
        "-x/--maxfail": request.max_failures != 0,
        "--isolate/--isolation": request.isolation is not Isolation.SLOT,
        "--python": bool(request.python),
    }
    return [option for option, is_given in given.items() if is_given]


def _numbers(request: Request) -> list[str]:
    problems = []
    for what, seconds in (("--timeout", request.timeout_s), ("--test-timeout", request.test_timeout_s)):
        if seconds is not None and not (math.isfinite(seconds) and 0 < seconds <= LONGEST_TIME_S):
            problems.append(f"{what} must be more than 0 and at most {LONGEST_TIME_S:.0f} seconds")
    if not LOWEST_PRIORITY <= request.priority <= HIGHEST_PRIORITY:
        problems.append(f"--priority must be from {LOWEST_PRIORITY} to {HIGHEST_PRIORITY}")
    if request.max_failures < 0:
        problems.append("--maxfail must not be negative")
    return problems


def _tags(hardware: str, problems: list[str]) -> tuple[str, ...]:
    words = [word.strip() for word in hardware.split(",")]
    for word in words:
        if not word:
            problem = f"--hardware {one_line(hardware, 80)!r} has an empty tag; known: {', '.join(HARDWARE_TAGS)}"
            problems += [problem] if problem not in problems else []
        elif word not in HARDWARE_TAGS:
            hint = did_you_mean(word, HARDWARE_TAGS)
            problems.append(f"unknown hardware {one_line(word, 80)!r}{hint}; known: {', '.join(HARDWARE_TAGS)}")
    return tuple(dict.fromkeys(words))


def _requirements(request: Request, problems: list[str]) -> tuple[str, ...]:
    try:
        return required(request.require, request.devices)
    except BadInputError as error:
        problems += str(error).split("\n")
        return ()


def _fallback(request: Request, tags: tuple[str, ...], problems: list[str]) -> dict[str, tuple[str, ...]]:
    work = _kind(request)
    several = len(tags) > 1
    try:
        return {tag: allowed_fallback(request.fallback, tag, work, several=several) for tag in tags}
    except BadInputError as error:
        problems += str(error).split("\n")
        return {}


def _injection(request: Request, problems: list[str]) -> InjectionSpec | None:
    try:
        return wanted_injection(request.inject, _kind(request))
    except BadInputError as error:
        problems += str(error).split("\n")
        return None


def _kind(request: Request) -> Work:
    """Work of the kind that is asked for."""
    return CommandWork(argv=()) if request.command is not None else PytestWork()


def _environment(request: Request, problems: list[str]) -> dict[str, str]:
    carries = request.in_place and request.command is None
    found = carried_environment(request.environ) if carries else {}
    for word in request.variables:
        name, separator, value = word.partition("=")
        if not name or "\0" in word:
            problems.append(f"--env {one_line(word, 80)!r} names no variable")
        elif name.startswith("DTF_"):
            problems.append(f"--env {name[:80]}: variables that begin with DTF_ are dtf's own")
        elif not separator and name not in request.environ:
            problems.append(f"--env {one_line(name, 80)}: it is not set here; give it as NAME=VALUE")
        else:
            found[name] = value if separator else request.environ[name]
    return found


def _python(request: Request, place: Place, problems: list[str]) -> str:
    if request.command is not None or not request.in_place:
        return request.python  # elsewhere the worker looks for it
    try:
        return choose_python(
            request.python, environ=request.environ, cwd=request.cwd, workdir=place.workdir, root=place.root
        )
    except BadInputError as error:
        problems.append(str(error))
        return ""


def _name(request: Request, place: Place) -> str:
    """What names the suite over its revisions, so that its durations are known again."""
    words = request.command if request.command is not None else place.paths
    shown = one_line(" ".join(words), 200)
    return f"{one_line(place.root.name, 100)}: {shown}" if shown else one_line(place.root.name, 100) or "run"
