"""Where breakers are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from dtf.domain.breaker import BreakerMode, Target, Transition
from dtf.domain.evidence import EvidenceRecord
from dtf.domain.learned import Learned
from dtf.resilience.breaker import BreakerRecord, Change, Evidence, Gate
from dtf.resilience.breaker_params import BreakerParams

#: So many transitions of each breaker are kept; a reader that looks more often than they happen loses none.
KEPT_TRANSITIONS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the learner is told with a piece of evidence.

    Attributes:
        job_group: The jobs that fail together: the suite, the task's name. Empty for a canary.
    """

    job_group: str = ""


class BreakerStore(Protocol):
    """Keeps the breakers of all targets, each changed atomically, on the store's own clock.

    Every method but ``close`` raises ``StoreUnavailableError`` where the store does not answer.
    """

    def ask(self, target: Target, params: BreakerParams, *, permit: str, canary: bool = False) -> Gate:
        """Ask to use a target.

        Args:
            target: Which.
            params: The breaker's numbers.
            permit: Names the permit, should it be a probe's; unlike any other's.
            canary: Whether a canary is to be run; else it is real work.
        """
        ...

    def observe(
        self, target: Target, params: BreakerParams, evidence: Evidence, account: Account | None = None
    ) -> Change:
        """Take in a piece of evidence; with an account the learner is told of it in the same step."""
        ...

    def give_back(self, target: Target, permit: str) -> None:
        """Give a probe's permit back unused."""
        ...

    def raise_belief(self, target: Target, params: BreakerParams, factor: float) -> None:
        """Take in that a sibling opened: the odds that this target is bad grow by a factor."""
        ...

    def hasten(self, target: Target, params: BreakerParams) -> None:
        """Take in that a sibling was found to be well again: where this one is open it may be probed at once."""
        ...

    def set_mode(self, target: Target, mode: BreakerMode, *, order: int = 0) -> BreakerRecord:
        """Have an operator decide, or no longer; returns the breaker as it is now.

        Args:
            target: Whose breaker.
            mode: Who is to decide.
            order: The number of the order: where a later one was carried out, or this one, it changes nothing. 0: it
                has none, and is carried out.
        """
        ...

    def forced_open_since(self, target: Target) -> float | None:
        """When an operator forced it open, in seconds since the epoch; None: it is not forced open. 0: nobody knows."""
        ...

    def read(self, target: Target) -> BreakerRecord | None:
        """The breaker as it was left; None: nobody ever asked for it."""
        ...

    def all(self) -> Mapping[Target, BreakerRecord]:
        """Every breaker, by its target."""
        ...

    def targets(self, hardware: str = "") -> tuple[Target, ...]:
        """The targets that have a breaker, sorted; those of one hardware, or all."""
        ...

    def opened_within(self, hardware: str, seconds: float) -> tuple[Target, ...]:
        """Which targets of a hardware went from closed to open in the last so many seconds, sorted."""
        ...

    def transitions(self, target: Target, after_epoch: int) -> tuple[Transition, ...]:
        """The transitions after an epoch, in their order; of those before the last 16 nothing is known.

        A store that lost its data counts epochs from the beginning again: where the record's epoch is lower than the
        one last read, begin with 0.
        """
        ...

    def tell(self, record: EvidenceRecord) -> None:
        """Tell the learner of something that no breaker took in."""
        ...

    def heard(self, after: str, count: int) -> tuple[str, tuple[EvidenceRecord, ...]]:
        """What the learner was told after a position (empty: from the oldest that is kept), and the position then."""
        ...

    def learned(self) -> Learned | None:
        """What was last published; None: nothing, or so long ago that it is stale."""
        ...

    def publish(self, learned: Learned) -> None:
        """Publish what was learned; it counts until it is stale, or until the next one."""
        ...

    def now(self) -> float:
        """The store's time, in seconds since the epoch."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...
