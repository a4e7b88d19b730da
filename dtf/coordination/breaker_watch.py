"""The watch over the circuit breakers."""

import logging
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from dtf.breakers.errors import StoreUnavailableError
from dtf.coordination.orders import Obedient, Orders
from dtf.coordination.outage import Outage
from dtf.coordination.rerouting import Rerouting
from dtf.domain.breaker import Target, Transition
from dtf.domain.clock import Clock
from dtf.domain.ports.breakers import Breaker, BreakerJournal, Told, refuses
from dtf.domain.ports.control import Term

log = logging.getLogger(__name__)

#: A store that is away is tried again after so long at most, in seconds: one that is back may have lost orders.
_PAUSE_S: Final = 1.0
#: Two times of one transition differ by less, in seconds.
_SAME_S: Final = 1e-3


class BreakerFeed(Obedient, Protocol):
    """Where breakers are looked at, and taken in hand; raises ``StoreUnavailableError`` where it does not answer."""

    def all(self) -> Mapping[Target, Breaker]:
        """Every breaker, by its target."""
        ...

    def transitions(self, target: Target, after_epoch: int) -> tuple[Transition, ...]:
        """The last transitions after an epoch, in their order."""
        ...


class BreakerWatch:
    """Tells each transition of each breaker once as an event, and has work go elsewhere where breakers hold it up.

    What an operator ordered is restored where the store lost it.
    What the ledger was told before, by this coordinator or another, is asked of it when a term begins.
    """

    name = "breakers"
    interval_s = 1.0

    def __init__(
        self, open_feed: Callable[[], BreakerFeed], journal: BreakerJournal, rerouting: Rerouting | None, clock: Clock
    ) -> None:
        """Build one.

        Args:
            open_feed: Gives the breakers, when they are first looked at: their libraries take a while to load.
            journal: The events.
            rerouting: Moves what is held up; None: breakers refuse nothing.
            clock: The time.
        """
        self._open_feed = open_feed
        self._feed: BreakerFeed | None = None
        self._journal = journal
        self._rerouting = rerouting
        self._outage = Outage("The breakers' store", "each worker decides by itself until it is back", clock, _PAUSE_S)
        self._orders = Orders(journal)
        self._told: dict[Target, Told] | None = None

    def reset(self) -> None:
        """Forget what was told in an earlier term."""
        self._told = None
        self._orders.reset()
        if self._rerouting is not None:
            self._rerouting.reset()

    def close(self) -> None:
        """There is nothing to keep: what was told is in the ledger."""

    def tick(self, term: Term) -> None:
        """Tell what is new, and move what is held up."""
        if self._outage.pausing:
            return
        if self._told is None:
            self._told = dict(self._journal.told())
        try:
            feed = self._feed = self._feed or self._open_feed()
            found = dict(feed.all())
            found |= self._orders.restore(term, feed, found)
            news = [step for target in self._changed(found) for step in feed.transitions(target, 0)]
        except StoreUnavailableError as error:
            self._outage.failed(error)
            return
        self._outage.succeeded()
        self._tell(term, news)
        if self._rerouting is not None:
            self._rerouting.apply(term, {target for target, breaker in found.items() if refuses(breaker)})

    def _changed(self, found: Mapping[Target, Breaker]) -> list[Target]:
        told = self._told or {}
        return [target for target, breaker in found.items() if breaker.epoch and _is_ahead(breaker, told.get(target))]

    def _tell(self, term: Term, news: list[Transition]) -> None:
        told = self._told or {}
        fresh = [step for step in news if (last := told.get(step.target)) is None or last.is_news(step)]
        if not fresh:
            return
        count = self._journal.tell(term, fresh)
        for step in fresh:
            told[step.target] = Told(epoch=step.epoch, at=step.at, reason=step.reason)
            log.info("breaker of %s: %s, was %s: %s", step.target, step.after, step.before, step.reason)
        self._told = told
        if count < len(fresh):
            log.info("%d transitions of breakers were told before", len(fresh) - count)


def _is_ahead(breaker: Breaker, last: Told | None) -> bool:
    return last is None or breaker.epoch != last.epoch or breaker.since > last.at + _SAME_S
