"""What the leader does over and over."""

from typing import Protocol

from dtf.domain.ports.control import Term


class Loop(Protocol):
    """One of the leader's duties.

    Attributes:
        name: What the log calls it.
        interval_s: How often it is due, in seconds; 0: at every tick.
    """

    name: str
    interval_s: float

    def tick(self, term: Term) -> None:
        """Do what there is to do, for about a second at most; what is left waits for the next tick.

        Raises:
            TermOverError: Another coordinator leads.
            LedgerUnavailableError: The database cannot be reached.
        """
        ...

    def reset(self) -> None:
        """Forget what was learnt in an earlier term."""
        ...


class Watch(Loop, Protocol):
    """A duty that may wait for others than the database; it has a thread of its own."""

    def close(self) -> None:
        """Keep what is to outlive this process; called once, while the term still holds.

        Raises:
            DtfError: It cannot be kept.
        """
        ...
