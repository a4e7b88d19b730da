"""From the words behind the ``?`` to a question."""

from collections.abc import Mapping, Sequence
from typing import Final

from dtf.domain.ports.listing import MOST_ROWS, USUAL_ROWS, BadQuestionError, Kind, Question

#: What every list understands beside its filters.
_COMMON: Final = ("sort", "limit", "after")
_MOST_DIGITS: Final = 6


def read_question(resource: str, kind: Kind, given: Mapping[str, Sequence[bytes]]) -> Question:
    """What is asked for.

    Args:
        resource: Of what.
        kind: What can be asked of it.
        given: The words by their names, as they came.

    Raises:
        BadQuestionError: It cannot be asked so.
    """
    words: dict[str, str] = {}
    for name, values in given.items():
        if name not in _COMMON and name not in kind.filters:
            known = ", ".join((*kind.filters, *_COMMON))
            raise BadQuestionError(f"{resource} cannot be asked for {name[:80]!r}: {known}", name[:80])
        if len(values) > 1:
            raise BadQuestionError(f"{name} stands there more than once; put commas between values", name)
        try:
            words[name] = values[0].decode()
        except UnicodeDecodeError:
            raise BadQuestionError(f"{name} is not UTF-8", name) from None
    return Question(
        resource=resource,
        filters={name: value for name, value in words.items() if name in kind.filters},
        sort=words.get("sort", ""),
        after=words.get("after", ""),
        limit=_limit(words.get("limit", str(USUAL_ROWS))),
    )


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > _MOST_DIGITS:
        raise BadQuestionError(f"limit is a number from 1 to {MOST_ROWS}", "limit")
    return int(text)
