"""Where recoveries are remembered, and what was learned."""

from collections.abc import Sequence
from typing import Final, Protocol

from dtf.domain.recovery import Recovery

#: A target that failed within so many seconds of a recovery had not been recovered for good.
STABLE_S: Final = 120.0


class Recoveries(Protocol):
    """The measured history of recoveries."""

    def add(self, recovery: Recovery) -> None:
        """Remember one, and tell it as an event.

        Earlier ones of its target learn from it whether they held for ``STABLE_S``.
        """
        ...

    def history(self, limit: int = 1000) -> Sequence[Recovery]:
        """The latest ones, the oldest of them first."""
        ...


class Snapshots(Protocol):
    """What learners keep over a restart: JSON text by name."""

    def save(self, key: str, value: str) -> None:
        """Keep a text in place of what was kept under the name."""
        ...

    def load(self, key: str) -> str | None:
        """What is kept under a name; None: nothing."""
        ...

    def keys(self) -> Sequence[str]:
        """All names, sorted."""
        ...
