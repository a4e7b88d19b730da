"""Lists of the ledger's records, a page at a time, for whoever asks over HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from dtf.domain.errors import BadInputError

#: The most rows of one page, and how many there are where nothing is said.
MOST_ROWS, USUAL_ROWS = 500, 50


class BadQuestionError(BadInputError):
    """What was asked for cannot be: an unknown filter, sort or value, or a cursor that is none.

    Attributes:
        field: What of the question is wrong.
    """

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked for.

    Attributes:
        resource: Of what: ``jobs`` and so on.
        filters: What rows are to be like, by the names of filters.
        sort: The name of the order; behind a ``-`` from the last to the first; empty: the resource's usual one.
        after: The cursor of the page before; empty: the first page.
        limit: How many rows at most.
    """

    resource: str
    filters: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""
    after: str = ""
    limit: int = USUAL_ROWS


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows, and where they go on.

    Attributes:
        rows: The rows, as JSON's types; what is not known is missing.
        following: The cursor of the next page; empty: there is none.
    """

    rows: Sequence[Mapping[str, Any]]
    following: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What can be asked of a resource.

    Attributes:
        fields: The fields of its rows, with their JSON types.
        filters: The filters, with the values that they take; empty: any text.
        sorts: The orders, the usual one first.
    """

    fields: Mapping[str, str]
    filters: Mapping[str, tuple[str, ...]]
    sorts: tuple[str, ...]


class Listing(Protocol):
    """Lists the ledger's records."""

    def kinds(self) -> Mapping[str, Kind]:
        """What there is to be asked for."""
        ...

    def page(self, question: Question) -> Page:
        """A page of rows.

        Raises:
            BadQuestionError: It cannot be asked so.
            LedgerUnavailableError: The database cannot be reached.
        """
        ...
