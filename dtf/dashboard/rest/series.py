"""``/api/v1/series``: how the laboratory's figures went."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dtf.bootstrap.ledger import Ledger
from dtf.dashboard.rest.ledger_handler import LedgerHandler
from dtf.domain.ports.listing import BadQuestionError
from dtf.domain.ports.samples import Series

#: How many series, points of each, and points of all an answer has at most.
MOST_SERIES: Final = 100
MOST_POINTS: Final = 2_000
MOST_OF_ALL: Final = 60_000
USUAL_POINTS: Final = 600
#: Since when, where that is not said: the last hour.
USUAL_S: Final = 3_600.0
#: How many names are told at once.
MOST_NAMES: Final = 5_000
_LONGEST: Final = 500
#: No time is later, in seconds since the epoch.
_LATEST: Final = 1e11
_ASKED: Final = ("name", "since", "until", "last", "points")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesQuestion:
    """What is asked for.

    Attributes:
        names: Which series.
        since: From when on, in seconds since the epoch; None: for the last hour.
        until: Until when; None: now.
        last: Where ``since`` is not said: from so many seconds before ``until`` on.
        points: The most points of each.
    """

    names: Sequence[str]
    since: float | None = None
    until: float | None = None
    last: float = USUAL_S
    points: int = USUAL_POINTS


class SeriesOf(LedgerHandler):
    """How some figures went."""

    async def get(self) -> None:
        """``series`` by name, each with ``resolution_s`` and ``points``: [time, mean, least, most]."""
        question = read_series_question(self.request.query_arguments)
        await self.answer_with(lambda: _answer(self.ledger, question))


class SeriesNames(LedgerHandler):
    """Which figures are kept."""

    async def get(self) -> None:
        """``names`` that begin with ``prefix``, in their order."""
        words = _words(self.request.query_arguments, ("prefix",))
        prefix = (words.get("prefix") or [""])[-1]
        await self.answer_with(
            lambda: {"names": self.ledger.samples.names(prefix, MOST_NAMES), "as_of": self.ledger.views.now()}
        )


def read_series_question(given: Mapping[str, Sequence[bytes]]) -> SeriesQuestion:
    """What is asked for.

    Args:
        given: The words behind the ``?``, by their names, as they came.

    Raises:
        BadQuestionError: It cannot be asked so.
    """
    words = _words(given, _ASKED)
    names = list(dict.fromkeys(words.get("name", [])))
    if not 1 <= len(names) <= MOST_SERIES:
        raise BadQuestionError(f"name stands for each series that is asked for: 1 to {MOST_SERIES}", "name")
    if "last" in words and "since" in words:
        raise BadQuestionError("either since or last says from when on", "last")
    question = SeriesQuestion(
        names=names,
        since=_number(words, "since"),
        until=_number(words, "until"),
        last=_number(words, "last") or USUAL_S,
        points=_points(words),
    )
    if question.since is not None and question.until is not None and question.since >= question.until:
        raise BadQuestionError("since is earlier than until", "since")
    if len(names) * question.points > MOST_OF_ALL:
        raise BadQuestionError(f"series times points are {MOST_OF_ALL} at most: ask for fewer of them", "points")
    return question


def series_json(series: Series) -> dict[str, Any]:
    """A series in JSON's types."""
    points = [[one.at, round(one.mean, 4), round(one.low, 4), round(one.high, 4)] for one in series.samples]
    return {"resolution_s": series.resolution_s, "points": points}


def _answer(ledger: Ledger, question: SeriesQuestion) -> dict[str, Any]:
    as_of = ledger.views.now()
    until = as_of if question.until is None else question.until
    since = until - question.last if question.since is None else question.since
    # what begins in the future has no samples
    found = ledger.samples.read(question.names, since, max(until, since + 1), question.points)
    return {"series": {name: series_json(series) for name, series in found.items()}, "as_of": as_of}


def _words(given: Mapping[str, Sequence[bytes]], known: Sequence[str]) -> dict[str, list[str]]:
    for name in given:
        if name not in known:
            raise BadQuestionError(f"series cannot be asked for {name[:80]!r}: {', '.join(known)}", name[:80])
    return {name: [_word(name, value) for value in values] for name, values in given.items()}


def _word(name: str, value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise BadQuestionError(f"{name} is not UTF-8", name) from None
    if len(text) > _LONGEST or "\0" in text:
        raise BadQuestionError(f"{name} has {_LONGEST} characters at most, and no NUL", name)
    return text


def _number(words: Mapping[str, Sequence[str]], name: str) -> float | None:
    if name not in words:
        return None
    try:
        value = float(words[name][-1])
    except ValueError:
        value = math.nan
    if not 0 <= value <= _LATEST:
        raise BadQuestionError(f"{name} is a number of seconds", name)
    return value


def _points(words: Mapping[str, Sequence[str]]) -> int:
    text = words.get("points", [str(USUAL_POINTS)])[-1]
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MOST_POINTS):
        raise BadQuestionError(f"points is a number from 1 to {MOST_POINTS}", "points")
    return int(text)
