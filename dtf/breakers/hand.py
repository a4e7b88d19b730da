"""An operator takes a breaker in hand."""

from dtf.breakers.status import view_of
from dtf.breakers.store import BreakerStore
from dtf.domain.breaker import BreakerMode, Target
from dtf.domain.ports.breakers import BreakerJournal, BreakerView


def take_in_hand(
    store: BreakerStore, journal: BreakerJournal, target: Target, mode: BreakerMode, reason: str
) -> BreakerView:
    """Have a breaker do what an operator decided, and keep that in the ledger.

    Raises:
        LedgerUnavailableError: It is not kept, and nothing was done.
        StoreUnavailableError: It is kept, and the store does not answer: it is done once it does.
    """
    order = journal.tell_mode(target, mode, reason)  # first: from there it is restored where the store fails
    return view_of(target, store.set_mode(target, mode, order=order), reason)
