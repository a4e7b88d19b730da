"""Takes a document's values apart and notes everything that is wrong on the way."""

import math
from collections.abc import Iterable, Mapping

from dtf.domain.suggestion import did_you_mean
from dtf.domain.tasks.task import Place, Problem

#: The longest argument that Linux passes to a program.
LONGEST_TEXT = 131_071

_KINDS = {bool: "true or false", dict: "a mapping", list: "a list", str: "a text", int: "a number", float: "a number"}


class Reader:
    """One mapping of the document; each method takes a key's value, or notes why it cannot.

    Attributes:
        place: Where the mapping stands.
        problems: What was found wrong; shared by all readers of a document.
    """

    def __init__(self, data: object, place: Place, problems: list[Problem]) -> None:
        self.place = place
        self.problems = problems
        if not isinstance(data, Mapping):
            self.note(f"must be a mapping, not {kind_of(data)}")
            data = {}
        self._data: Mapping[object, object] = data

    def note(self, message: str, *steps: str | int) -> None:
        """Add a problem at a place below this mapping."""
        self.problems.append(Problem(place=(*self.place, *steps), message=message))

    def known(self, keys: Iterable[str]) -> None:
        """Note every key that is none of these."""
        known = list(keys)
        for key in self._data:
            if key not in known:
                self.note(f"unknown key {str(key)[:80]!r}{did_you_mean(str(key), known)}", str(key))

    def has(self, key: str) -> bool:
        """Whether the key is there, with a value other than null."""
        return self._data.get(key) is not None

    def get(self, key: str) -> object:
        """The value as it stands."""
        return self._data.get(key)

    def items(self) -> Iterable[tuple[str, object]]:
        """All keys with their values."""
        return [(str(key), value) for key, value in self._data.items()]

    def keys(self) -> list[str]:
        """All keys."""
        return [str(key) for key in self._data]

    def below(self, key: str) -> "Reader":
        """A reader of the mapping under a key; an empty one when there is none."""
        value = self._data.get(key)
        return Reader({} if value is None else value, (*self.place, key), self.problems)

    def text(self, key: str, default: str = "", longest: int = 4096) -> str:
        """A text that is not empty."""
        if not self.has(key):
            return default
        return self.as_text(self._data[key], longest, key)

    def as_text(self, value: object, longest: int, *steps: str | int) -> str:
        """The value if it is a text that can be used; otherwise a problem is noted."""
        if not isinstance(value, str):
            self.note(f"must be a text, not {kind_of(value)}" + _quote_it(value), *steps)
        elif "\0" in value:
            self.note("has a NUL byte", *steps)
        elif len(value) > longest:
            self.note(f"is too long: {len(value)} characters, {longest} are allowed", *steps)
        elif any("\ud800" <= c <= "\udfff" for c in value):
            self.note("has half a surrogate pair, which is no character", *steps)
        else:
            return value
        return ""

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._data.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.note(f"must be a list of texts, not {kind_of(value)}", key)
            return ()
        return tuple(self.as_text(item, LONGEST_TEXT, key, index) for index, item in enumerate(value))

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """A finite number from ``low`` to ``high``."""
        if not self.has(key):
            return default
        value = self._data[key]
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.note(f"must be a number, not {kind_of(value)}", key)
        elif isinstance(value, float) and not math.isfinite(value):
            self.note("must be a finite number", key)
        elif not low <= value <= high:
            self.note(f"must be from {plain(low)} to {plain(high)}", key)
        else:
            return float(value)
        return default

    def whole_number(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``."""
        value = self.number(key, default, low, high)
        if value != int(value):
            self.note("must be a whole number", key)
        return int(value)

    def whole_numbers(self, key: str, low: int, high: int) -> tuple[int, ...]:
        """A list of whole numbers from ``low`` to ``high``; what is none is noted and left out."""
        value = self._data.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.note(f"must be a list of whole numbers, not {kind_of(value)}", key)
            return ()
        found = []
        for index, item in enumerate(value):
            if isinstance(item, bool) or not isinstance(item, int):
                self.note(f"must be a whole number, not {item if type(item) is float else kind_of(item)}", key, index)
            elif not low <= item <= high:
                self.note(f"must be from {plain(low)} to {plain(high)}", key, index)
            else:
                found.append(item)
        return tuple(found)

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self._data.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.note(f"must be true or false, not {kind_of(value)}", key)
            return default
        return value

    def environment(self, key: str) -> dict[str, str]:
        """A mapping of variables to texts."""
        found = {}
        for name, value in self.below(key).items():
            if not name or "=" in name or "\0" in name:
                self.note("the name of a variable is empty" if not name else "is no name for a variable", key, name)
            elif name.startswith("DTF_"):
                self.note("variables that begin with DTF_ are dtf's own", key, name)
            else:
                found[name] = self.as_text(value, LONGEST_TEXT, key, name)
        return found


def plain(number: float) -> str:
    """A number for people: whole ones without a power of ten."""
    return f"{number:,.0f}" if number == int(number) else f"{number:g}"


def kind_of(value: object) -> str:
    """What a value is, in words."""
    return "nothing" if value is None else _KINDS.get(type(value), f"a {type(value).__name__}")


def _quote_it(value: object) -> str:
    return "; put it in quotes" if isinstance(value, int | float) else ""
