"""What the ledger keeps of circuit breakers, and how they are shown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dtf.domain.breaker import BreakerMode, BreakerState, Target, Transition
from dtf.domain.ports.control import Term


class Breaker(Protocol):
    """What is looked at of a breaker's record."""

    @property
    def mode(self) -> BreakerMode:
        """Who decides."""
        ...

    @property
    def state(self) -> BreakerState:
        """Where it stands."""
        ...

    @property
    def epoch(self) -> int:
        """The number of its state, from 0."""
        ...

    @property
    def since(self) -> float:
        """When its state began, in seconds since the epoch."""
        ...


def refuses(breaker: Breaker) -> bool:
    """Whether it lets no work through."""
    if breaker.mode is BreakerMode.AUTO:
        return breaker.state is not BreakerState.CLOSED
    return breaker.mode is BreakerMode.FORCED_OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerView:
    """A breaker as others than itself see it.

    Attributes:
        target: Whose.
        state: Where it stands.
        mode: Who decides about it.
        since: When its state began, in seconds since the epoch.
        bad: How bad its target is believed to be, from 0 to 1.
        epoch: The number of its state, from 0.
        reason: Why it went to its state; empty: nobody knows.
    """

    target: Target
    state: BreakerState
    mode: BreakerMode
    since: float
    bad: float
    epoch: int = 0
    reason: str = ""

    @property
    def word(self) -> str:
        """``open``, ``forced open``, ``metrics only (open)``."""
        if self.mode is BreakerMode.AUTO:
            return str(self.state)
        words = str(self.mode).replace("_", " ")
        return f"{words} ({self.state})" if self.mode is BreakerMode.METRICS_ONLY else words


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The last transition of a breaker that the ledger has.

    Attributes:
        epoch: Its number.
        at: When it was, on the breakers' clock.
        reason: Why.
    """

    epoch: int
    at: float
    reason: str = ""

    def is_news(self, transition: Transition) -> bool:
        """Whether a transition is a later one. A store that lost its data counts from the beginning again."""
        return transition.epoch > self.epoch or transition.at > self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What an operator decided last about a breaker.

    Attributes:
        number: Later orders have higher ones, from 1.
        mode: Who is to decide.
        reason: Why; empty: the operator gave none.
    """

    number: int
    mode: BreakerMode
    reason: str = ""


class BreakerPast(Protocol):
    """What is known of the past of breakers."""

    def told(self) -> Mapping[Target, Told]:
        """The last transition of each breaker that the ledger has."""
        ...

    def history(self, target: Target, limit: int = 50) -> Sequence[Mapping[str, object]]:
        """The latest events of a breaker, the oldest of them first, in JSON's types, with ``at``."""
        ...


class BreakerJournal(BreakerPast, Protocol):
    """The events of breakers in the ledger, each once."""

    def tell(self, term: Term, transitions: Iterable[Transition]) -> int:
        """Write those that the ledger does not have as events; return how many there were.

        Raises:
            TermOverError: The term is over; nothing was written.
        """
        ...

    def tell_mode(self, target: Target, mode: BreakerMode, reason: str) -> int:
        """Write as an event that an operator decided; return the order's number."""
        ...

    def orders(self) -> Mapping[Target, Order]:
        """The last order for each breaker that an operator ever took in hand."""
        ...

    def tell_restored(self, term: Term, target: Target, order: Order) -> None:
        """Write as an event that an order was carried out once more, as the breakers' store had lost it.

        Raises:
            TermOverError: The term is over; nothing was written.
        """
        ...

    def keep(self, term: Term, key: str, value: str) -> None:
        """Keep a text in place of what was kept under the name.

        Raises:
            TermOverError: The term is over; nothing was written.
        """
        ...

    def kept(self, key: str) -> str | None:
        """What is kept under a name; None: nothing."""
        ...
