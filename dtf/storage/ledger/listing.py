"""Lists the ledger's records page by page: each page begins after the last row of the one before (keyset)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Row

from dtf.domain.errors import UnknownRecordError
from dtf.domain.ports.listing import LONGEST_SEARCH, MOST_ROWS, SEARCH, BadQuestionError, Kind, Listing, Page, Question
from dtf.storage.database import Database, now
from dtf.storage.ledger.cursors import behind, cursor, is_text
from dtf.storage.ledger.resources import RESOURCES, Resource

#: Whole numbers that name a row are below this.
_LARGEST_KEY: Final = 2**31
_MOST_DIGITS: Final = 10


class LedgerListing(Listing):
    """Lists the ledger's records."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def kinds(self) -> Mapping[str, Kind]:
        """What there is to be asked for."""
        return {name: _kind(one) for name, one in RESOURCES.items()}

    def page(self, question: Question) -> Page:
        """A page of rows."""
        resource = RESOURCES.get(question.resource)
        if resource is None:
            raise BadQuestionError(f"there are no {question.resource!r}: {', '.join(RESOURCES)}", "resource")
        if not 1 <= question.limit <= MOST_ROWS:
            raise BadQuestionError(f"a page has 1 to {MOST_ROWS} rows, not {question.limit}", "limit")
        name, descending = _order(resource, question.sort)
        place, order = resource.place(name), f"{name.removeprefix('-')} {descending:d}"
        statement = _selected(resource, resource.fields, place).where(*_conditions(resource, question.filters))
        if question.after:
            statement = statement.where(behind(question.after, order, place, descending=descending))
        statement = statement.order_by(*(one.desc() if descending else one for one in place)).limit(question.limit + 1)
        as_of, found = self._database.read(
            lambda connection: (connection.scalar(sa.select(now())), connection.execute(statement).all())
        )
        following = ""
        if len(found) > question.limit:
            found = found[: question.limit]
            following = cursor(order, [getattr(found[-1], f"k{at}") for at in range(len(place))])
        rows = [_row(resource, resource.fields, one) for one in found]
        return Page(rows=rows, following=following, as_of=float(as_of or 0))

    def one(self, resource: str, key: Sequence[str]) -> Mapping[str, Any]:
        """A row with its details and ``as_of``."""
        kind = RESOURCES[resource]
        unknown = UnknownRecordError(f"there is no such one of the {resource}")
        if len(key) != len(kind.key):
            raise unknown
        fields = {**kind.fields, **kind.details}
        statement = _selected(kind, fields, (now(),))
        for column, value in zip(kind.key.values(), key, strict=True):
            if not _names(value, column):
                raise unknown
            statement = statement.where(column == (value if isinstance(column.type, sa.Text) else int(value)))
        row = self._database.read(lambda connection: connection.execute(statement).first())
        if row is None:
            raise unknown
        return {**_row(kind, fields, row), "as_of": row.k0}


def _kind(resource: Resource) -> Kind:
    return Kind(
        key={name: resource.json_type(name) for name in resource.key},
        fields={name: resource.json_type(name) for name in resource.fields},
        details={name: resource.json_type(name) for name in resource.details},
        filters={
            **{name: values for name, (_, values) in resource.filters.items()},
            **({SEARCH: ()} if resource.searched is not None else {}),
        },
        sorts=tuple(resource.sorts),
    )


def _selected(
    resource: Resource, fields: Mapping[str, sa.ColumnElement[Any]], further: Sequence[sa.ColumnElement[Any]]
) -> sa.Select[Any]:
    statement = sa.select(
        *(column.label(f"f{at}") for at, column in enumerate(fields.values())),
        *(column.label(f"k{at}") for at, column in enumerate(further)),
    )
    return statement if resource.joined is None else statement.select_from(resource.joined)


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
        if not is_text(value):
            raise BadQuestionError(f"{name} has a character that no record has", name)
        if name == SEARCH and resource.searched is not None:
            if len(value) > LONGEST_SEARCH:
                raise BadQuestionError(f"what is searched for has at most {LONGEST_SEARCH} characters", name)
            found += [resource.searched.icontains(value, autoescape=True)] if value else []
        elif name in resource.filters:
            found.append(_among(name, *resource.filters[name], value.split(",")))
        else:
            known = (*resource.filters, *([SEARCH] if resource.searched is not None else []))
            raise BadQuestionError(f"there is no filter {name!r}: {', '.join(known)}", name)
    return found


def _among(
    name: str, column: sa.ColumnElement[Any], values: Sequence[str], wanted: Sequence[str]
) -> sa.ColumnElement[bool]:
    if values and (odd := [one for one in wanted if one not in values]):
        raise BadQuestionError(f"{name} is never {odd[0]!r}: {', '.join(values)}", name)
    return column.in_(wanted) if len(wanted) > 1 else column == wanted[0]


def _names(value: str, column: sa.ColumnElement[Any]) -> bool:
    """Whether a part of a key can be one of a column's."""
    if isinstance(column.type, sa.Text):
        return is_text(value)
    return value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS and int(value) < _LARGEST_KEY


def _row(resource: Resource, fields: Mapping[str, sa.ColumnElement[Any]], row: Row[Any]) -> dict[str, Any]:
    found = {}
    for at, name in enumerate(fields):
        value = row[at]
        if value is not None and value != "":
            found[name] = resource.decoded[name][1](value) if name in resource.decoded else value
    return found
