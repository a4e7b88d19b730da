"""Which failure a task is to meet on purpose."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from dtf.domain.errors import BadInputError
from dtf.domain.injection import (
    COMMAND,
    MODULE,
    InjectionSpec,
    check_injection,
    read_injection,
    the_failure,
    the_intensity,
    the_part,
)
from dtf.domain.tasks.reader import Reader, kind_of
from dtf.domain.work import Work

T = TypeVar("T")

_KEY = "inject"
_KEYS = ("type", "intensity", MODULE, COMMAND)


def read_inject(top: Reader, work: Work) -> InjectionSpec | None:
    """The failure of a task's ``inject`` section, or of a text such as ``gpu_error severe``; None: it has none.

    Args:
        top: The task.
        work: What it does.
    """
    value = top.get(_KEY)
    if value is None:
        return None
    if not isinstance(value, str | Mapping):
        wanted = "a mapping with type and intensity, or a text such as 'gpu_error severe'"
        top.note(f"must be {wanted}, not {kind_of(value)}", _KEY)
        return None
    spec = _text(top) if isinstance(value, str) else _section(top.below(_KEY))
    if spec is not None:
        try:
            check_injection(spec, work)
        except BadInputError as error:
            top.note(str(error), _KEY)
    return spec


def _text(top: Reader) -> InjectionSpec | None:
    before = len(top.problems)
    text = top.text(_KEY)
    if len(top.problems) > before:
        return None
    try:
        return read_injection(text)
    except BadInputError as error:
        top.note(str(error), _KEY)
        return None


def _section(section: Reader) -> InjectionSpec | None:
    before = len(section.problems)
    section.known(_KEYS)
    values: dict[str, str] = {}
    for key in _KEYS:
        if section.has(key):
            values[key] = section.text(key)
        elif key in ("type", "intensity"):
            section.note(f"{key!r} is missing")
    if MODULE in values and COMMAND in values:
        section.note("names a module and a command; one of them is enough")
    if len(section.problems) > before:
        return None
    failure = _tried(section, "type", the_failure, values["type"])
    intensity = _tried(section, "intensity", the_intensity, values["intensity"])
    part = next((key for key in (MODULE, COMMAND) if key in values), "")
    what = _tried(section, part, the_part, f"{part}={values[part]}") if part else ""
    if failure is None or intensity is None or what is None:
        return None
    return InjectionSpec(failure=failure, intensity=intensity, what=what)


def _tried(section: Reader, key: str, read: Callable[[str], T], word: str) -> T | None:
    try:
        return read(word)
    except BadInputError as error:
        section.note(str(error), key)
        return None
