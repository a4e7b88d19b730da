"""The loop that learns what is normal, for the breakers."""

import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from dtf.breakers.errors import StoreUnavailableError
from dtf.breakers.learning_loop import LearningLoop, MissingRiverError, Snapshots
from dtf.breakers.store import BreakerStore
from dtf.coordination.outage import Outage
from dtf.coordination.unlearned import Unlearned
from dtf.domain.clock import Clock
from dtf.domain.codec import from_json, to_json
from dtf.domain.errors import BadInputError
from dtf.domain.learned import Learned
from dtf.domain.ports.breakers import BreakerJournal
from dtf.domain.ports.control import Term

log = logging.getLogger(__name__)

#: Under these names the ledger keeps what the learner knows, and what it published.
SNAPSHOT_KEY, LEARNED_KEY = "learner", "learned values"

#: A cluster that is younger is not worth the seconds that River takes to load, unless much waits to be learned from.
YOUNG_S: Final = 20.0
MUCH: Final = 500
#: How often it learns and publishes, in seconds.
PUBLISH_S: Final = 5.0


class Learning:
    """Publishes what was learned, and learns more when there is something to learn from.

    River is imported when that begins, and not before: a coordinator starts and takes over without it. Until then what
    an earlier learner published holds on, since nothing has come that would change it. The learner's snapshots, what
    it published, and the evidence that it has not seen are in the ledger, for the next leader.
    """

    name = "learner"
    interval_s = 1.0

    def __init__(
        self,
        open_store: Callable[[], BreakerStore],
        journal: BreakerJournal,
        clock: Clock,
        *,
        make_loop: Callable[[BreakerStore, Snapshots], LearningLoop] = LearningLoop,
    ) -> None:
        """Build one.

        Args:
            open_store: Gives the breakers, when they are first needed: their libraries take a while to load.
            journal: Where the ledger keeps what is to outlive a leader.
            clock: The time.
            make_loop: Makes what learns and publishes.
        """
        self._open_store = open_store
        self._journal = journal
        self._clock = clock
        self._make_loop = make_loop
        self._outage = Outage("The breakers' store", "nothing is learned until it is back", clock)
        self._unlearned: Unlearned | None = None
        self._term: Term | None = None
        self._led_since = 0.0
        self._next_publish = 0.0
        self._loop: LearningLoop | None = None
        self._learned: Learned | None = None
        self._is_missing = False
        self._has_saved = False

    def reset(self) -> None:
        """Forget what was learned in an earlier term: the ledger knows better."""
        self._term = self._loop = self._learned = None

    def tick(self, term: Term) -> None:
        """Learn and publish, if that is due."""
        if self._outage.pausing:
            return
        try:
            self._turn(term)
        except StoreUnavailableError as error:
            self._outage.failed(error)
        except MissingRiverError as error:
            self._is_missing, self._loop = True, None
            log.warning("breakers learn nothing, and decide by fixed numbers: %s", error)
        else:
            self._outage.succeeded()

    def close(self) -> None:
        """Keep what is known, and what is not learned yet."""
        if self._term is None or self._unlearned is None:
            return
        if self._loop is not None:
            self._loop.end()
        else:
            with suppress(StoreUnavailableError):  # a private broker ends together with its coordinator
                self._unlearned.look()
        self._unlearned.keep(self._term)

    def _turn(self, term: Term) -> None:
        unlearned = self._unlearned = self._unlearned or Unlearned(self._open_store(), self._journal)
        if self._term != term:
            unlearned.begin(term)
            self._learned = self._last_learned(unlearned.store.learned())
            self._term, self._led_since, self._next_publish = term, self._clock.monotonic(), 0.0
        unlearned.look()
        now = self._clock.monotonic()
        if now < self._next_publish:
            return
        self._next_publish = now + PUBLISH_S
        if self._loop is None and self._is_worth_it(unlearned.count, now):
            log.info("the learner begins, with %d pieces of evidence", unlearned.count)
            self._loop = self._make_loop(unlearned.store, _TermSnapshots(self, self._journal, term))
        if self._loop is not None:
            self._has_saved = False
            self._learned = self._loop.turn() or self._learned
            unlearned.learned()
            if self._has_saved:  # who comes after a death without a farewell is not to tell it again
                unlearned.keep(term)
        elif self._learned is not None:
            self._refresh(unlearned.store, self._learned)

    def _refresh(self, store: BreakerStore, learned: Learned) -> None:
        """Publish again what is known, so that it does not get stale, unless another learner is at work."""
        current = store.learned()
        if current is None or current.at <= learned.at:
            self._learned = replace(learned, at=store.now())
            store.publish(self._learned)

    def _is_worth_it(self, count: int, now: float) -> bool:
        return not self._is_missing and (count >= MUCH or (count > 0 and now - self._led_since >= YOUNG_S))

    def _last_learned(self, published: Learned | None) -> Learned | None:
        """What the ledger has, or what is published, if that is newer."""
        text = self._journal.kept(LEARNED_KEY)
        try:
            kept = from_json(Learned, json.loads(text)) if text else None
        except (BadInputError, ValueError) as error:
            log.warning("what was learned before cannot be read, and is learned anew: %s", error)
            kept = None
        return kept if published is None or (kept is not None and kept.at > published.at) else published

    def keep(self, term: Term, snapshot: Mapping[str, Any]) -> None:
        """Keep what the learner knows and what it published, for the next leader."""
        self._journal.keep(term, SNAPSHOT_KEY, json.dumps(snapshot))
        if self._learned is not None:
            self._journal.keep(term, LEARNED_KEY, json.dumps(to_json(self._learned)))
        self._has_saved = True


class _TermSnapshots:
    """The learner's snapshots in the ledger, for one term: a leader that was frozen overwrites nothing."""

    def __init__(self, learning: Learning, journal: BreakerJournal, term: Term) -> None:
        self._learning = learning
        self._journal = journal
        self._term = term

    def load(self) -> Mapping[str, Any] | None:
        """The last one; None: there is none."""
        text = self._journal.kept(SNAPSHOT_KEY)
        try:
            found = json.loads(text) if text else None
        except ValueError as error:
            log.warning("the learner's snapshot cannot be read, it begins anew: %s", error)
            return None
        return found if isinstance(found, dict) else None

    def save(self, snapshot: Mapping[str, Any]) -> None:
        """Keep one in place of the last."""
        self._learning.keep(self._term, snapshot)
