"""Evidence that nobody has learned from yet."""

import json
import logging
from collections import deque
from dataclasses import dataclass
from typing import Final

from dtf.breakers.store import BreakerStore
from dtf.domain.codec import from_json, to_json
from dtf.domain.errors import BadInputError
from dtf.domain.evidence import EvidenceRecord
from dtf.domain.ports.breakers import BreakerJournal
from dtf.domain.ports.control import Term

log = logging.getLogger(__name__)

#: Under this name the ledger keeps it.
KEY: Final = "unlearned evidence"
#: So many pieces are kept; of more the latest.
MOST: Final = 2_000
_BATCH: Final = 1_000


class Unlearned:
    """Reads along what the learner will have to learn from, and keeps it over the end of a broker that keeps nothing.

    A cluster that lives for seconds, as that of one short run does, is not worth a learner. What was seen in many of
    them is.

    Attributes:
        store: The breakers.
    """

    def __init__(self, store: BreakerStore, journal: BreakerJournal) -> None:
        self.store = store
        self._journal = journal
        self._after = ""
        self._read_at = -1.0
        self._records: deque[EvidenceRecord] = deque(maxlen=MOST)
        self._kept = ""

    @property
    def count(self) -> int:
        """How many pieces there are."""
        return len(self._records)

    def begin(self, term: Term) -> None:
        """Take up what an earlier coordinator kept.

        Where the broker has lost it, it is told again, and that is kept: who leads next finds it there. Where it has
        not, reading goes on where the other one was.

        Raises:
            StoreUnavailableError: The store does not answer.
        """
        self._kept = self._journal.kept(KEY) or ""
        self._records.clear()
        self._after = ""
        kept = _read(self._kept)
        oldest = self.store.heard("", 1)[1]
        if oldest and oldest[0].at <= kept.at:
            self._after = kept.after
            self._records.extend(kept.records)
            return
        for record in kept.records:
            self.store.tell(record)
        if kept.records:
            self.look()
            self.keep(term)

    def look(self) -> None:
        """Read what is new.

        Raises:
            StoreUnavailableError: The store does not answer.
        """
        self._read_at = self.store.now()
        while True:
            self._after, records = self.store.heard(self._after, _BATCH)
            self._records.extend(records)
            if len(records) < _BATCH:
                return

    def learned(self) -> None:
        """All that was read has been learned from."""
        self._records.clear()

    def keep(self, term: Term) -> None:
        """Keep it in the ledger, unless that has it already."""
        kept = _Kept(after=self._after, at=self._read_at, records=tuple(self._records))
        text = json.dumps(to_json(kept))
        if text != self._kept:
            self._journal.keep(term, KEY, text)
            self._kept = text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What the ledger has: up to where it was read, when that was on the store's clock, and what was read."""

    after: str = ""
    at: float = -1.0
    records: tuple[EvidenceRecord, ...] = ()


def _read(text: str) -> _Kept:
    try:
        return from_json(_Kept, json.loads(text)) if text else _Kept()
    except (BadInputError, ValueError) as error:
        log.warning("the evidence that was kept cannot be read, and is not learned from: %s", error)
        return _Kept()
