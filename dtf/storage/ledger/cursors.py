"""Where a page of a list ends, as a text that the next question brings along."""

import base64
import json
import math
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from dtf.domain.ports.listing import BadQuestionError

#: A longer cursor is none of ours.
_LONGEST: Final = 4096
#: Larger numbers do not fit into a column.
_LARGEST: Final = 2**62

Place = Sequence[sa.ColumnElement[Any]]


def cursor(order: str, values: Sequence[Any]) -> str:
    """The place behind a row.

    Args:
        order: In which order rows are; a cursor is good in that one alone.
        values: The row's values of what it is ordered by.
    """
    return base64.urlsafe_b64encode(json.dumps([order, *values], separators=(",", ":")).encode()).decode().rstrip("=")


def behind(text: str, order: str, place: Place, *, descending: bool) -> sa.ColumnElement[bool]:
    """Whether a row comes behind a cursor.

    Args:
        text: The cursor.
        order: In which order rows are.
        place: What they are ordered by.
        descending: Whether the last come first.

    Raises:
        BadQuestionError: It is no cursor of this list in this order.
    """
    last = sa.tuple_(*(sa.literal(value) for value in _values(text, order, place)))
    row = sa.tuple_(*place)
    return row < last if descending else row > last


def is_text(value: str) -> bool:
    """Whether both databases take a text."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def _values(text: str, order: str, place: Place) -> Sequence[Any]:
    wrong = BadQuestionError("the cursor is none of this list: begin without one", "after")
    if len(text) > _LONGEST:
        raise wrong
    try:
        told = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        raise wrong from None
    if not isinstance(told, list) or len(told) != len(place) + 1 or told[0] != order:
        raise wrong
    if not all(_fits(value, column) for value, column in zip(told[1:], place, strict=True)):
        raise wrong
    return told[1:]


def _fits(value: object, column: sa.ColumnElement[Any]) -> bool:
    """Whether a value can stand in a column: databases refuse others with an error."""
    if isinstance(column.type, sa.Text):
        return isinstance(value, str) and is_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and abs(value) < _LARGEST
