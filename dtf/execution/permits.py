"""The permits of a system without circuit breakers: always granted."""

from collections.abc import Sequence

from dtf.domain.breaker import Target
from dtf.domain.outcome import Outcome
from dtf.domain.ports.permits import Permit, Permits


class OpenPermits(Permits):
    """Grants every permit and remembers nothing."""

    def acquire(self, targets: Sequence[Target]) -> Permit:
        """All of them."""
        return Permit(targets=tuple(targets))

    def record(self, permit: Permit, outcome: Outcome) -> None:
        """Nothing depends on it."""

    def give_back(self, permit: Permit) -> None:
        """Nothing is held."""
