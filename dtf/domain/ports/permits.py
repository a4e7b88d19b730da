"""Who may use a target now; the port into which the circuit breaker comes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dtf.domain.breaker import Target
from dtf.domain.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Leave to use all of some targets."""

    targets: tuple[Target, ...]


class Permits(Protocol):
    """Who may use a target now."""

    def acquire(self, targets: Sequence[Target]) -> Permit | None:
        """All of them or none."""
        ...

    def record(self, permit: Permit, outcome: Outcome) -> None:
        """Tell what came of it, and give the permit back."""
        ...

    def give_back(self, permit: Permit) -> None:
        """Give it back unused."""
        ...
