"""What a setting is, and how its values are read."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dtf.domain.suggestion import did_you_mean

Value = str | int | float | Path | None

_TOO_LONG = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting.

    Attributes:
        name: Its key in TOML; ``DTF_<NAME>`` is its variable.
        help: What it does, in one sentence with its unit.
        default: Its value when nobody sets it; None: no value.
        parse: Turns a TOML value or a variable's text into the value; raises ValueError with the reason.
    """

    name: str
    help: str
    default: Value
    parse: Callable[[object], Value]

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "DTF_" + self.name.upper()


def number(low: float, high: float) -> Callable[[object], float]:
    """A parser of numbers from ``low`` to ``high``, both included."""

    def parse(raw: object) -> float:
        value = _to_float(raw)
        if not low <= value <= high:
            raise ValueError(f"must be from {low:g} to {high:g}, not {value:g}")
        return value

    return parse


def whole_number(low: int, high: int) -> Callable[[object], int]:
    """A parser of whole numbers from ``low`` to ``high``, both included."""
    within = number(low, high)

    def parse(raw: object) -> int:
        value = within(raw)
        if value != int(value):
            raise ValueError(f"must be a whole number, not {value:g}")
        return int(value)

    return parse


def _to_float(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise ValueError(f"must be a number, not {_kind(raw)}")  # noqa: TRY004  # bad values are ValueErrors here
    try:
        value = float(raw)
    except (ValueError, OverflowError):
        raise ValueError(f"must be a number, not {str(raw)[:40]!r}") from None
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


def _kind(raw: object) -> str:
    names = {bool: "a boolean", dict: "a table", list: "a list", str: "a text"}
    return names.get(type(raw), f"a {type(raw).__name__}")


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise ValueError(f"must be a text, not {_kind(raw)}")  # noqa: TRY004  # as above
    if not raw.strip() or "\0" in raw or len(raw) > _TOO_LONG:
        raise ValueError(f"must be a text of 1 to {_TOO_LONG} characters without NUL bytes")
    return raw


def path(raw: object) -> Path:
    """A directory's path, made absolute; ``~`` is the home directory."""
    return Path(_text(raw) if not isinstance(raw, Path) else raw).expanduser().absolute()


def words(raw: object) -> str:
    """Words separated by commas; empty: none."""
    text = raw if raw == "" else _text(raw)
    return ",".join(word.strip() for word in str(text).split(",") if word.strip())


def one_of(*known: str) -> Callable[[object], str]:
    """A parser of one of some words."""

    def parse(raw: object) -> str:
        text = _text(raw).strip().lower()
        if text not in known:
            raise ValueError(f"must be one of {', '.join(known)}, not {text[:40]!r}{did_you_mean(text, known)}")
        return text

    return parse


def url(*schemes: str) -> Callable[[object], str]:
    """A parser of URLs of these schemes; its errors do not repeat the URL, which may hold a password."""

    def parse(raw: object) -> str:
        text = _text(raw).strip()
        scheme = text.partition("://")[0] if "://" in text else ""
        if scheme not in schemes:
            hint = did_you_mean(scheme, schemes)
            raise ValueError(f"must be a URL that begins with {' or '.join(s + '://' for s in schemes)}{hint}")
        try:
            _ = urlsplit(text).port
        except ValueError:
            raise ValueError("is not a URL: its host or port cannot be read") from None
        return text

    return parse
