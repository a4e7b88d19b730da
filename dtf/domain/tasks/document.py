"""Turns the content of a task file into tasks."""

import shlex

from dtf.domain.specs import DEFAULT_PRIORITY, HARDWARE_TAGS, HIGHEST_PRIORITY, LOWEST_PRIORITY
from dtf.domain.suggestion import did_you_mean
from dtf.domain.tasks.hardware import read_fallback, read_hardware, refuse_software
from dtf.domain.tasks.inject import read_inject
from dtf.domain.tasks.models import BROWSER_TAGS, browser_tag, read_benchmark, read_browser
from dtf.domain.tasks.reader import Reader
from dtf.domain.tasks.task import Problem, Task
from dtf.domain.work import BenchmarkWork, BrowserWork, CommandWork, PytestWork, Work

#: How many tasks one file may hold.
MOST_TASKS = 10_000

_TYPES = ("test", "command", "benchmark", "browser")
_LONGEST_TIMEOUT_S = 30 * 86400.0
_LONGEST_NAME = 500
_TOP = (
    "type",
    "name",
    "priority",
    "config",
    "hardware_requirements",
    "software_requirements",
    "retry_policy",
    "inject",
)
_SHARED = ("env", "timeout", "cwd", "hardware_requirements", "software_requirements")


def read_tasks(document: object) -> tuple[list[Task], list[Problem]]:
    """The tasks of a document, and everything that is wrong in it; with problems the tasks are of no use.

    Args:
        document: One task as a mapping, or a list of them, in JSON's types.
    """
    problems: list[Problem] = []
    if not isinstance(document, list):
        return [_task(Reader(document, (), problems))], problems
    if not 1 <= len(document) <= MOST_TASKS:
        message = f"holds {len(document)} tasks; it must hold from 1 to {MOST_TASKS}"
        return [], [Problem(place=(), message=message)]
    return [_task(Reader(item, (index,), problems)) for index, item in enumerate(document)], problems


def _task(top: Reader) -> Task:
    top.known(_TOP)
    config = top.below("config")
    work = _work(top, config)
    refuse_software(top, config)
    hardware, requirements = read_hardware(top, config, browser_tag(work) if isinstance(work, BrowserWork) else "cpu")
    if isinstance(work, BrowserWork) and hardware in HARDWARE_TAGS and hardware not in BROWSER_TAGS:
        top.note(f"a browser task runs on {' or '.join(BROWSER_TAGS)}, where the browsers are, not on {hardware}")
    if isinstance(work, BenchmarkWork) and hardware in BROWSER_TAGS:
        top.note(f"only a browser reaches {hardware}: submit the model as type browser with check: model")
    retry = top.below("retry_policy")
    retry.known(("max_retries",))
    return Task(
        name=_name(top) or _default_name(work),
        work=work,
        cwd=config.text("cwd", "."),
        hardware=hardware,
        requirements=requirements,
        priority=top.whole_number("priority", DEFAULT_PRIORITY, LOWEST_PRIORITY, HIGHEST_PRIORITY),
        timeout_s=config.number("timeout", 3600.0, 0.001, _LONGEST_TIMEOUT_S),
        max_retries=retry.whole_number("max_retries", 3, 0, 100),
        fallback=read_fallback(top, config, hardware=hardware, work=work),
        inject=read_inject(top, work),
    )


def _name(top: Reader) -> str:
    name = top.text("name", longest=_LONGEST_NAME)
    if name and not name.isprintable():
        top.note("has characters that cannot be printed", "name")
    return name


def _default_name(work: Work) -> str:
    words: tuple[str, ...] = ()
    if isinstance(work, CommandWork):
        words = work.argv
    elif isinstance(work, PytestWork):
        words = work.paths
    elif isinstance(work, BenchmarkWork):
        words = (work.model,)
    elif isinstance(work, BrowserWork):
        words = (str(work.check), *((work.target,) if work.target else ()))
    return " ".join(words)[:80] or "task"


def _work(top: Reader, config: Reader) -> Work:
    kind = top.get("type")
    if kind == "test":
        return _test(config)
    if kind == "command":
        return _command(config)
    if kind == "benchmark":
        return read_benchmark(config, _SHARED)
    if kind == "browser":
        return read_browser(config, _SHARED)
    if kind is None:
        top.note(f"'type' is missing; it is one of {', '.join(_TYPES)}")
    else:
        hint = did_you_mean(str(kind), _TYPES)
        top.note(f"unknown type {str(kind)[:80]!r}{hint}; it is one of {', '.join(_TYPES)}", "type")
    return CommandWork(argv=())


def _test(config: Reader) -> PytestWork:
    config.known((*_SHARED, "test_file", "test_args", "python"))
    file = config.text("test_file")
    if not file and not config.get("test_file"):
        config.note("'test_file' is missing")
    return PytestWork(
        paths=(file,),
        args=_test_args(config),
        python=config.text("python"),
        environment=config.environment("env"),
    )


def _test_args(config: Reader) -> tuple[str, ...]:
    raw = config.get("test_args")
    if not isinstance(raw, str):
        return config.texts("test_args")
    try:
        return tuple(shlex.split(config.text("test_args", longest=65536)))
    except ValueError as error:
        config.note(f"cannot be split into arguments: {error}", "test_args")
        return ()


def _command(config: Reader) -> CommandWork:
    config.known((*_SHARED, "argv", "artifacts"))
    argv = config.texts("argv")
    raw = config.get("argv")
    if raw is None or raw == []:
        config.note("'argv' is missing: a list of the program and its arguments")
    elif argv and not argv[0] and isinstance(raw, list) and raw[0] == "":
        config.note("the program's name is empty", "argv", 0)
    return CommandWork(argv=argv, environment=config.environment("env"), artifacts=config.texts("artifacts"))
