"""Reads strict JSON."""

import json
import re
from typing import Any, NoReturn

from dtf.submission.taskfile.parsed import Parsed, SyntaxProblemError

#: A key with its colon, another text (skipped whole), a brace, or a constant that JSON does not have.
_TOKENS = re.compile(r'(?P<key>"(?:[^"\\]|\\.)*+")(?=\s*:)|"(?:[^"\\]|\\.)*+"|(?P<mark>[{}]|NaN|-?Infinity)', re.DOTALL)


def parse_json(text: str) -> Parsed:
    """Parse one JSON document: no duplicate keys, no NaN, no infinity.

    Raises:
        SyntaxProblemError: It is not JSON, or more than JSON allows.
    """
    try:
        return Parsed(document=json.loads(text, object_pairs_hook=_object, parse_constant=_refuse))
    except _MoreThanJsonError as error:
        raise SyntaxProblemError(_where(text, str(error)) + error.reason) from None
    except json.JSONDecodeError as error:
        message = f"line {error.lineno}, column {error.colno}: not JSON: {error.msg}"
        raise SyntaxProblemError(message) from error
    except ValueError as error:  # a whole number of more digits than Python reads
        raise SyntaxProblemError(f"not JSON that can be read: {error}") from error
    except RecursionError:
        raise SyntaxProblemError("not JSON that can be read: nested too deeply") from None


def with_lines(text: str, parsed: Parsed) -> Parsed:
    """The same document with the lines of its parts, as far as they can be found.

    JSON is YAML except for a few corners (tabs as indentation); only an error message is in want of the lines, so
    the second reading is done only then, and a text that only JSON understands goes without.
    """
    from dtf.submission.taskfile.yaml_text import parse_yaml  # noqa: PLC0415  # only bad files need it

    try:
        return Parsed(document=parsed.document, lines=parse_yaml(text).lines)
    except SyntaxProblemError:
        return parsed


class _MoreThanJsonError(Exception):
    """What Python's reader takes and JSON does not allow; the message is the token that it is about."""

    def __init__(self, token: str, reason: str) -> None:
        super().__init__(token)
        self.reason = reason


def _where(text: str, token: str) -> str:
    """Line and column of the first forbidden constant, or of the first key that stands twice in its object.

    Args:
        text: JSON as far as Python's reader came.
        token: The constant; anything else: a key.
    """
    open_objects: list[set[str]] = []
    for match in _TOKENS.finditer(text):
        found = match.group("mark")
        if found == "{":
            open_objects.append(set())
        elif found == "}" and open_objects:
            open_objects.pop()
        elif match.group("key") and open_objects:
            key = json.loads(match.group("key"))
            if key == token and key in open_objects[-1]:
                return _position(text, match.start())
            open_objects[-1].add(key)
        elif found == token:
            return _position(text, match.start())
    return ""


def _position(text: str, index: int) -> str:
    return f"line {text.count(chr(10), 0, index) + 1}, column {index - text.rfind(chr(10), 0, index)}: "


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _MoreThanJsonError(key, f"the key {key[:80]!r} stands twice in one object")
        found[key] = value
    return found


def _refuse(constant: str) -> NoReturn:
    raise _MoreThanJsonError(constant, f"{constant} is not JSON; numbers must be finite")
