"""``/api/v1/runs/ID/log``: what a run's attempts print, as it comes in."""

import codecs
from collections.abc import Sequence
from typing import Any, Final

from dtf.bootstrap.ledger import Ledger
from dtf.dashboard.rest.ledger_handler import LedgerHandler
from dtf.dashboard.rest.question import read_question
from dtf.domain.ports.listing import BadQuestionError, Kind

#: How many pieces there are in an answer at most, and where nothing is said; one has at most 256 KiB.
MOST_PIECES, USUAL_PIECES = 100, 20
_LARGEST: Final = 2**62
_MOST_DIGITS: Final = 18

_LOG: Final = Kind(key={}, fields={}, details={}, filters={}, sorts=())


class RunLog(LedgerHandler):
    """Pieces of a run's log."""

    async def get(self, run_id: str) -> None:
        """The pieces behind a position, in the order in which they came; ``next`` is there while there may be more."""
        question = read_question(f"the log of {run_id[:40]}", _LOG, self.request.query_arguments)
        if question.sort:
            raise BadQuestionError("a log has one order", "sort")
        after = _position(question.after)
        # as in lists, but a piece is more than a row
        limit = question.limit if "limit" in self.request.query_arguments else USUAL_PIECES
        if not 1 <= limit <= MOST_PIECES:
            raise BadQuestionError(f"an answer has 1 to {MOST_PIECES} pieces, not {limit}", "limit")
        await self.answer_with(lambda: _answer(self.ledger, run_id, after, limit))


def texts(pieces: Sequence[tuple[int, str, int, bytes]]) -> list[dict[str, Any]]:
    """Pieces as text; a character that two of them share stands in the later one, bytes that are none are escaped."""
    decoders: dict[tuple[str, int], codecs.IncrementalDecoder] = {}
    last = {(shard_id, attempt): position for position, shard_id, attempt, _ in pieces}
    found = []
    for position, shard_id, attempt, data in pieces:
        key = (shard_id, attempt)
        decoder = decoders.setdefault(key, codecs.getincrementaldecoder("utf-8")(errors="backslashreplace"))
        text = decoder.decode(data, final=position == last[key])
        found.append({"position": position, "shard_id": shard_id, "attempt": attempt, "text": text})
    return found


def _answer(ledger: Ledger, run_id: str, after: int, limit: int) -> dict[str, Any]:
    as_of = ledger.listing.one("runs", (run_id,))["as_of"]  # and there is such a run
    pieces = ledger.views.log(run_id, after, limit)
    more = {"next": str(pieces[-1][0])} if len(pieces) == limit else {}
    return {"items": texts(pieces), **more, "as_of": as_of}


def _position(text: str) -> int:
    if text and (not (text.isascii() and text.isdigit()) or len(text) > _MOST_DIGITS or int(text) > _LARGEST):
        raise BadQuestionError("after is the position of the last piece that is known", "after")
    return int(text or 0)
