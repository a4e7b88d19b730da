"""Reads strict JSON."""

import json
from typing import Any, NoReturn

from dtf.cli.taskfile.parsed import Parsed, SyntaxProblemError


def parse_json(text: str) -> Parsed:
    """Parse one JSON document: no duplicate keys, no NaN, no infinity.

    Raises:
        SyntaxProblemError: It is not JSON, or more than JSON allows.
    """
    try:
        return Parsed(document=json.loads(text, object_pairs_hook=_object, parse_constant=_refuse))
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
    from dtf.cli.taskfile.yaml_text import parse_yaml  # noqa: PLC0415  # only bad files need it

    try:
        return Parsed(document=parsed.document, lines=parse_yaml(text).lines)
    except SyntaxProblemError:
        return parsed


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise SyntaxProblemError(f"the key {key[:80]!r} stands twice in one object")
        found[key] = value
    return found


def _refuse(constant: str) -> NoReturn:
    raise SyntaxProblemError(f"{constant} is not JSON; numbers must be finite")
