"""What a check found."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from dtf.settings import Settings


class Health(StrEnum):
    """How it is."""

    OK = "ok"
    #: It works, but not as it should.
    WARN = "warn"
    #: Something that is needed does not work.
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found.

    Attributes:
        health: How it is.
        text: What was seen.
        advice: What to do; empty: nothing.
    """

    health: Health
    text: str
    advice: str = ""


def ok(text: str) -> Finding:
    """All is well."""
    return Finding(health=Health.OK, text=text)


def warn(text: str, advice: str) -> Finding:
    """It works, but not as it should."""
    return Finding(health=Health.WARN, text=text, advice=advice)


def fail(text: str, advice: str) -> Finding:
    """It does not work."""
    return Finding(health=Health.FAIL, text=text, advice=advice)


#: Looks at one thing; an exception is a failure.
Check = Callable[[Settings], Finding]
