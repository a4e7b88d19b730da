"""What the ledger keeps of failures that jobs met on purpose."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Injections(Protocol):
    """The failures that jobs met on purpose."""

    def told(self) -> Sequence[Mapping[str, object]]:
        """What is known of each, the oldest first, in JSON's types.

        ``at``, ``shard``, ``run``, ``attempt``, ``worker``; ``injection`` (what it was; empty: it was refused),
        ``confirmed``, ``recorded`` (whether a breaker was told), ``seen``, ``cleared``, ``refused`` (why), ``outcome``.
        """
        ...

    def mark(self) -> tuple[int, int]:
        """How many there are, and the number of the last; it costs little to ask whether there are others."""
        ...
