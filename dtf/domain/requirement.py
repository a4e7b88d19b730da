"""What narrows a hardware tag: ``vram_gb>=24``, ``browser=firefox``, ``webnn``."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from dtf.domain.errors import BadInputError

#: The requirement that asks for several devices at once: ``devices=2``.
DEVICES = "devices"
#: How many of one kind a job may ask for.
MOST_DEVICES = 64
#: What is always a number, and never a negative one.
NUMBERS = frozenset(("vram_gb", "memory_gb", "cores", "compute_capability"))
#: How many requirements a job may have; a queue's name holds all of them.
MOST_REQUIREMENTS = 16

#: The longest text that is looked at; none that can be read is longer, but for its spaces.
_LONGEST = 1000
#: How much of a text a message shows.
_SHOWN = 80

_FORM = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z0-9_.-]{0,63})(?:(?P<sign>>=|<=|!=|=|>|<)(?P<value>[A-Za-z0-9_.+:-]{1,100}))?"
)


class Comparison(StrEnum):
    """How a device's value is compared with the one that is asked for."""

    #: It has it: a free tag of the worker, or a yes-or-no property of the device.
    HAS = ""
    IS = "="
    IS_NOT = "!="
    AT_LEAST = ">="
    AT_MOST = "<="
    MORE = ">"
    LESS = "<"


#: Those that order numbers.
ORDERINGS = frozenset((Comparison.AT_LEAST, Comparison.AT_MOST, Comparison.MORE, Comparison.LESS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One condition on what runs a job. Nothing of it is ever evaluated as code.

    Attributes:
        name: What is asked about, in lower case.
        comparison: How.
        value: What is asked for, in lower case; empty with ``HAS``.
    """

    name: str
    comparison: Comparison = Comparison.HAS
    value: str = ""

    @property
    def text(self) -> str:
        """As people write it, without spaces."""
        return f"{self.name}{self.comparison}{self.value}"

    @property
    def number(self) -> float:
        """The value as a number; NaN when it is none."""
        return as_number(self.value)


def parse_requirement(text: str) -> Requirement:
    """Read one requirement; spaces do not count, and letters are taken as small ones.

    Raises:
        BadInputError: It is none; the message says in one line what one looks like.
    """
    # only the plain space is printable among what splits words: a line break or a NUL is a mistake
    match = _FORM.fullmatch(text.replace(" ", "")) if text.isprintable() and len(text) <= _LONGEST else None
    if match is None:
        like = "it looks like vram_gb>=24, browser=firefox, devices=2 or webnn"
        raise BadInputError(f"requirement {_quoted(text)} cannot be read; {like}")
    comparison = Comparison(match["sign"] or "")
    found = Requirement(name=match["name"].lower(), comparison=comparison, value=(match["value"] or "").lower())
    if comparison in ORDERINGS and math.isnan(found.number):
        raise BadInputError(f"requirement {_quoted(text)}: {found.value!r} is no number, which {comparison} needs")
    if found.name in NUMBERS and not found.number >= 0:  # NaN is refused too
        what = f"{found.value!r} is no number of 0 or more" if found.value else "it is a number"
        raise BadInputError(f"requirement {_quoted(text)}: {what}; write {found.name}>=N")
    if found.name != DEVICES:
        return found
    if comparison is not Comparison.IS or not _is_count(found.value):
        raise BadInputError(f"requirement {_quoted(text)}: write devices=N with N from 1 to {MOST_DEVICES}")
    return replace(found, value=str(int(found.value)))


def normalise_requirements(texts: Iterable[str]) -> tuple[str, ...]:
    """The canonical texts of requirements: each once, in alphabetical order, so that equal wishes share a queue.

    Raises:
        BadInputError: Some cannot be read, there are too many, or two contradict each other on ``devices``; the message
            has a line for each of the first that are wrong.
    """
    found: set[Requirement] = set()
    problems: list[str] = []
    for text in dict.fromkeys(texts):
        try:
            found.add(parse_requirement(text))
        except BadInputError as error:
            problems.append(str(error))
    if problems:
        raise BadInputError("\n".join(problems[:MOST_REQUIREMENTS]))
    if len(found) > MOST_REQUIREMENTS:
        raise BadInputError(f"a job may have {MOST_REQUIREMENTS} requirements, not {len(found)}")
    if sum(requirement.name == DEVICES for requirement in found) > 1:
        raise BadInputError("devices=N may be required once only")
    # one device is what every job gets
    return tuple(sorted(r.text for r in found if r.text != f"{DEVICES}=1"))


def device_count(requirements: Iterable[Requirement]) -> int:
    """How many devices they ask for: 1 unless ``devices=N`` is among them."""
    return next((int(r.value) for r in requirements if r.name == DEVICES), 1)


def as_number(text: str) -> float:
    """A finite number, or NaN."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _quoted(text: str) -> str:
    """The text as one line of a message shows it; a long one is cut."""
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}..."


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_DEVICES
