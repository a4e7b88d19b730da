"""Lists the ledger's records page by page: each page begins after the last row of the one before (keyset)."""

import base64
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from dtf.domain.ports.listing import MOST_ROWS, BadQuestionError, Kind, Listing, Page, Question
from dtf.storage.database import Database
from dtf.storage.ledger.resources import RESOURCES, Resource

#: A longer cursor is none of ours.
_LONGEST_CURSOR = 4096
#: Larger numbers do not fit into a column.
_LARGEST = 2**62


class LedgerListing(Listing):
    """Lists the ledger's records."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def kinds(self) -> Mapping[str, Kind]:
        """What there is to be asked for."""
        return {
            name: Kind(
                fields={field: one.json_type(field) for field in one.fields},
                filters={field: values for field, (_, values) in one.filters.items()},
                sorts=tuple(one.sorts),
            )
            for name, one in RESOURCES.items()
        }

    def page(self, question: Question) -> Page:
        """A page of rows."""
        resource = RESOURCES.get(question.resource)
        if resource is None:
            raise BadQuestionError(f"there are no {question.resource!r}: {', '.join(RESOURCES)}", "resource")
        if not 1 <= question.limit <= MOST_ROWS:
            raise BadQuestionError(f"a page has 1 to {MOST_ROWS} rows, not {question.limit}", "limit")
        name, descending = _order(resource, question.sort)
        place, order = [resource.sorts[name], *resource.key], f"{name.removeprefix('-')} {descending:d}"
        statement = sa.select(
            *(column.label(f"f{at}") for at, column in enumerate(resource.fields.values())),
            *(column.label(f"k{at}") for at, column in enumerate(place)),
        )
        if resource.joined is not None:
            statement = statement.select_from(resource.joined)
        for wanted in _conditions(resource, question.filters):
            statement = statement.where(wanted)
        if question.after:
            last = _decoded(question.after, order, place)
            statement = statement.where(_after(place, last, descending=descending))
        statement = statement.order_by(*(one.desc() if descending else one for one in place)).limit(question.limit + 1)
        found = self._database.read(lambda connection: connection.execute(statement).all())
        following = ""
        if len(found) > question.limit:
            found = found[: question.limit]
            following = _encoded(order, [getattr(found[-1], f"k{at}") for at in range(len(place))])
        return Page(rows=[_row(resource, one) for one in found], following=following)


def _order(resource: Resource, asked: str) -> tuple[str, bool]:
    """The name of the order among the resource's, and whether it goes from the last to the first."""
    if not asked:
        asked = next(iter(resource.sorts))
    bare = asked.removeprefix("-")
    name = next((one for one in resource.sorts if one.removeprefix("-") == bare), None)
    if name is None:
        told = ", ".join(one.removeprefix("-") for one in resource.sorts)
        raise BadQuestionError(f"there is no order {asked!r}: {told}, each also with - before it", "sort")
    return name, asked.startswith("-")


def _conditions(resource: Resource, filters: Mapping[str, str]) -> list[sa.ColumnElement[bool]]:
    found = []
    for name, value in filters.items():
        if name not in resource.filters:
            raise BadQuestionError(f"there is no filter {name!r}: {', '.join(resource.filters)}", name)
        column, values = resource.filters[name]
        wanted = value.split(",")
        if values and (odd := [one for one in wanted if one not in values]):
            raise BadQuestionError(f"{name} is never {odd[0]!r}: {', '.join(values)}", name)
        found.append(column.in_(wanted))
    return found


def _after(
    place: Sequence[sa.ColumnElement[Any]], values: Sequence[Any], *, descending: bool
) -> sa.ColumnElement[bool]:
    row, last = sa.tuple_(*place), sa.tuple_(*(sa.literal(value) for value in values))
    return row < last if descending else row > last


def _encoded(sort: str, values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps([sort, *values], separators=(",", ":")).encode()).decode().rstrip("=")


def _decoded(cursor: str, order: str, place: Sequence[sa.ColumnElement[Any]]) -> Sequence[Any]:
    wrong = BadQuestionError("the cursor is none of this list: begin without one", "after")
    if len(cursor) > _LONGEST_CURSOR:
        raise wrong
    try:
        told = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
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
        return isinstance(value, str) and "\0" not in value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and abs(value) < _LARGEST


def _row(resource: Resource, row: Row[Any]) -> dict[str, Any]:
    decoded = resource.decoded or {}
    found = {}
    for at, name in enumerate(resource.fields):
        value = row[at]
        if value is not None and value != "":
            found[name] = decoded[name](value) if name in decoded else value
    return found
