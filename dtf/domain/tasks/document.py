"""Turns the content of a task file into tasks."""

import shlex

from dtf.domain.specs import DEFAULT_PRIORITY, HARDWARE_TAGS, HIGHEST_PRIORITY, LOWEST_PRIORITY
from dtf.domain.suggestion import did_you_mean
from dtf.domain.tasks.reader import Reader
from dtf.domain.tasks.task import Problem, Task
from dtf.domain.work import CommandWork, PytestWork, Work

#: The types that the vocabulary knows and this version cannot run.
NOT_YET = ("benchmark", "browser")

#: How many tasks one file may hold.
MOST_TASKS = 10_000

_TYPES = ("test", "command")
_LONGEST_TIMEOUT_S = 30 * 86400.0
_LONGEST_NAME = 500
_TOP = ("type", "name", "priority", "config", "hardware_requirements", "software_requirements", "retry_policy")
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
    retry = top.below("retry_policy")
    retry.known(("max_retries",))
    return Task(
        name=_name(top) or _default_name(work),
        work=work,
        cwd=config.text("cwd", "."),
        hardware=_hardware(top, config),
        priority=top.whole_number("priority", DEFAULT_PRIORITY, LOWEST_PRIORITY, HIGHEST_PRIORITY),
        timeout_s=config.number("timeout", 3600.0, 0.001, _LONGEST_TIMEOUT_S),
        max_retries=retry.whole_number("max_retries", 3, 0, 100),
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
    return " ".join(words)[:80] or "task"


def _work(top: Reader, config: Reader) -> Work:
    kind = top.get("type")
    if kind == "test":
        return _test(config)
    if kind == "command":
        return _command(config)
    if kind is None:
        top.note(f"'type' is missing; it is one of {', '.join(_TYPES)}")
    elif kind in NOT_YET:
        top.note(f"tasks of type {kind!r} are not available in this version; available: {', '.join(_TYPES)}", "type")
    else:
        hint = did_you_mean(str(kind), (*_TYPES, *NOT_YET))
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


def _hardware(top: Reader, config: Reader) -> str:
    if top.has("hardware_requirements") and config.has("hardware_requirements"):
        top.note("stands in the task and in its config; one of them is enough", "hardware_requirements")
    for reader in (top, config):
        if reader.has("software_requirements"):
            reader.note("cannot be checked in this version; remove it", "software_requirements")
    wanted = (top if top.has("hardware_requirements") else config).below("hardware_requirements")
    for key in wanted.keys():  # noqa: SIM118  # a reader is no mapping
        if key != "hardware":
            hint = did_you_mean(key, ("hardware",))
            wanted.note(f"only 'hardware' can be required in this version, not {key[:80]!r}{hint}", key)
    tag = wanted.text("hardware", "cpu")
    if tag and tag not in HARDWARE_TAGS:
        hint = did_you_mean(tag, HARDWARE_TAGS)
        wanted.note(f"unknown hardware {tag[:80]!r}{hint}; known: {', '.join(HARDWARE_TAGS)}", "hardware")
    return tag
