"""What operators ordered of breakers, carried out once more where the breakers' store has lost it."""

import logging
from collections.abc import Mapping
from typing import Protocol

from dtf.domain.breaker import BreakerMode, Target
from dtf.domain.ports.breakers import Breaker, BreakerJournal, Order
from dtf.domain.ports.control import Term

log = logging.getLogger(__name__)


class Obedient(Protocol):
    """What carries orders out."""

    def set_mode(self, target: Target, mode: BreakerMode, *, order: int = 0) -> Breaker:
        """Have an operator decide, or no longer, unless a later order was carried out; return the breaker."""
        ...


class Orders:
    """Holds the store to the last orders in the ledger.

    Orders have numbers, and the store refuses one that is not later than what it carried out: what is read here just
    before an operator gives another order does not undo that one.
    """

    def __init__(self, journal: BreakerJournal) -> None:
        """Build one.

        Args:
            journal: Has the orders.
        """
        self._journal = journal
        self._seen: Mapping[Target, Order] | None = None

    def reset(self) -> None:
        """Forget what was seen in an earlier term."""
        self._seen = None

    def restore(self, term: Term, store: Obedient, found: Mapping[Target, Breaker]) -> dict[Target, Breaker]:
        """Carry out what the store does not know.

        Args:
            term: The leader's.
            store: Carries it out.
            found: The breakers as they were just now.

        Returns:
            Those that are different now.

        Raises:
            StoreUnavailableError: The store does not answer.
        """
        orders = self._journal.orders()
        seen, self._seen = orders if self._seen is None else self._seen, orders
        changed = {}
        for target, order in orders.items():
            # what was not there a turn ago is being carried out by the command that wrote it
            if _mode(found.get(target)) is order.mode or seen.get(target) != order:
                continue
            breaker = store.set_mode(target, order.mode, order=order.number)
            if breaker.mode is not order.mode:
                continue
            changed[target] = breaker
            why = f" ({order.reason})" if order.reason else ""
            log.warning("breaker of %s: %s again, as an operator ordered%s; it was lost", target, order.mode, why)
            self._journal.tell_restored(term, target, order)
        return changed


def _mode(breaker: Breaker | None) -> BreakerMode:
    return BreakerMode.AUTO if breaker is None else breaker.mode
