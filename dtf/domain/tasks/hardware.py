"""What a task requires of the hardware."""

import math

from dtf.domain.errors import BadInputError
from dtf.domain.requirement import DEVICES, MOST_DEVICES, normalise_requirements, parse_requirement
from dtf.domain.specs import HARDWARE_TAGS
from dtf.domain.suggestion import did_you_mean
from dtf.domain.tasks.fallback import check_fallback
from dtf.domain.tasks.reader import Reader, kind_of
from dtf.domain.work import Work

#: A bare number means so much at least.
_AT_LEAST = ("vram_gb", "memory_gb", "cores", "compute_capability")
#: Keys with a meaning of their own.
_OWN = ("hardware", DEVICES, "tags", "fallback")
#: Names of facts that look like these and are not meant to be them.
_OTHERS = ("device",)
_SIGNS = (">=", "<=", "!=", "=", ">", "<")


def read_hardware(top: Reader, config: Reader, default: str) -> tuple[str, tuple[str, ...]]:
    """The hardware tag, and the requirements beside it in canonical form.

    Args:
        top: The task.
        config: Its config; either of the two may hold ``hardware_requirements``.
        default: The tag where none is named.
    """
    if top.has("hardware_requirements") and config.has("hardware_requirements"):
        top.note("stands in the task and in its config; one of them is enough", "hardware_requirements")
    wanted = _wanted(top, config)
    return _tag(wanted, default), _requirements(wanted)


def read_fallback(top: Reader, config: Reader, *, hardware: str, work: Work) -> tuple[str, ...]:
    """The queues that may take the task while the breakers of its hardware are open.

    Args:
        top: The task.
        config: Its config; either of the two may hold ``hardware_requirements``.
        hardware: The tag that is asked for.
        work: What is to be done.
    """
    wanted = _wanted(top, config)
    raw = wanted.get("fallback")
    texts = wanted.text("fallback").split(",") if isinstance(raw, str) else wanted.texts("fallback")
    try:
        return check_fallback((text.strip() for text in texts), hardware=hardware, work=work)
    except BadInputError as error:
        wanted.note(str(error).replace("\n", "; "), "fallback")
        return ()


def _wanted(top: Reader, config: Reader) -> Reader:
    return (top if top.has("hardware_requirements") else config).below("hardware_requirements")


def refuse_software(*readers: Reader) -> None:
    """Note each ``software_requirements``: what dtf cannot hold anybody to it does not accept."""
    for reader in readers:
        if reader.has("software_requirements"):
            reader.note(
                "cannot be enforced, for dtf installs nothing; remove it: name the interpreter by 'python', or require"
                " a tag of the workers that have it",
                "software_requirements",
            )


def _tag(wanted: Reader, default: str) -> str:
    tag = wanted.text("hardware", default)
    if tag and tag not in HARDWARE_TAGS:
        hint = did_you_mean(tag, HARDWARE_TAGS)
        wanted.note(f"unknown hardware {tag[:80]!r}{hint}; known: {', '.join(HARDWARE_TAGS)}", "hardware")
    return tag


def _requirements(wanted: Reader) -> tuple[str, ...]:
    devices = wanted.whole_number(DEVICES, 1, 1, MOST_DEVICES)
    found = [f"{DEVICES}={devices}"]
    for index, tag in enumerate(wanted.texts("tags")):
        found += _read(wanted, tag, "tags", index) if tag else []
    for key, value in wanted.items():
        if key in _OWN:
            continue
        hint = did_you_mean(key, _OWN) if key not in _OTHERS else ""
        if hint:
            wanted.note(f"unknown key {key[:80]!r}{hint}", key)
        else:
            text = _condition(wanted, key, value)
            found += _read(wanted, text, key) if text else []
    try:
        return normalise_requirements(found)
    except BadInputError as error:
        wanted.note(str(error))
        return ()


def _condition(wanted: Reader, key: str, value: object) -> str:
    """A key with its value as a requirement; empty when it is none."""
    if isinstance(value, bool):
        return key if value else f"{key}=false"
    if isinstance(value, int | float) and math.isfinite(value):
        return f"{key}{'>=' if key.lower() in _AT_LEAST else '='}{value}"
    if isinstance(value, str):
        text = wanted.text(key)
        return f"{key}{text}" if text.startswith(_SIGNS) else f"{key}={text}"
    wanted.note(f"must be a number, a text such as '>=24', or true, not {kind_of(value)}", key)
    return ""


def _read(wanted: Reader, text: str, *steps: str | int) -> list[str]:
    try:
        return [parse_requirement(text).text]
    except BadInputError as error:
        wanted.note(str(error), *steps)
        return []
