"""Lists of the ledger's records, a page at a time, for whoever asks over HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from dtf.domain.errors import BadInputError

#: The most rows of one page, and how many there are where nothing is said.
MOST_ROWS, USUAL_ROWS = 500, 50

#: The filter that chooses rows by a part of their name.
SEARCH = "search"
#: What is searched for is no longer than this, in characters.
LONGEST_SEARCH = 200


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
        filters: What rows are to be like, by the names of filters; several values of one stand with commas between.
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
        as_of: When it was so, in seconds since the epoch.
    """

    rows: Sequence[Mapping[str, Any]]
    following: str
    as_of: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What can be asked of a resource.

    Attributes:
        key: What names a row, part by part, with the JSON types of the parts.
        fields: The fields of its rows, with their JSON types.
        details: The further fields of one that is asked for by its name.
        filters: The filters, with the values that they take; empty: any text.
        sorts: The orders, the usual one first, each in its usual direction.
    """

    key: Mapping[str, str]
    fields: Mapping[str, str]
    details: Mapping[str, str]
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

    def one(self, resource: str, key: Sequence[str]) -> Mapping[str, Any]:
        """A row with its details and ``as_of``.

        Args:
            resource: Of what it is one.
            key: What names it, part by part.

        Raises:
            UnknownRecordError: There is none of that name.
            LedgerUnavailableError: The database cannot be reached.
        """
        ...
