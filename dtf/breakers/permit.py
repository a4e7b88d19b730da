"""Leave to use targets, and what comes of it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from dtf.domain.breaker import Target, Transition
from dtf.domain.errors import CircuitOpenError


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One target of a permit.

    Attributes:
        target: Which.
        epoch: The number of the breaker's state in which it was given.
        bad: How bad the target was believed to be, from 0 to 1.
        probe: The name of the probe's permit; empty: it is none.
        local: It came from this process's own breaker, as the shared one could not be reached.
    """

    target: Target
    epoch: int
    bad: float = 0.0
    probe: str = ""
    local: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Leave to use some targets. It can be stored with ``dtf.domain.codec`` and used in another process.

    Attributes:
        holds: One for each target.
        canary: Whether it was given to a canary.
    """

    holds: tuple[Hold, ...] = ()
    canary: bool = False

    @property
    def targets(self) -> tuple[Target, ...]:
        """What it is for, in order; empty where there are no breakers."""
        return tuple(hold.target for hold in self.holds)

    @property
    def is_probe(self) -> bool:
        """Whether what comes of it decides about an open or half-open breaker; it has a lease then."""
        return any(hold.probe for hold in self.holds)

    @property
    def bad(self) -> float:
        """How bad the worst of its targets was believed to be."""
        return max((hold.bad for hold in self.holds), default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The targets cannot be used now.

    Attributes:
        target: The one whose breaker refused.
        wait_s: When it is worth asking again, in seconds.
        bad: How bad the target is believed to be, from 0 to 1.
        reason: Why its breaker is as it is, where that was not decided by belief; empty: it was, or nobody knows.
        forced_since: When an operator forced it open, in seconds since the epoch; 0: nobody knows when. None: none did.
    """

    target: Target
    wait_s: float
    bad: float
    reason: str = ""
    forced_since: float | None = None

    def error(self) -> CircuitOpenError:
        """The error for callers that cannot wait."""
        if self.forced_since is not None:
            return CircuitOpenError(self._forced(self.forced_since))
        why = self.reason or f"it is believed to be bad with {100 * self.bad:.0f} %"
        return CircuitOpenError(
            f"the circuit breaker of {self.target} lets nothing through now; ask again in {self.wait_s:.1f} s ({why})"
        )

    def _forced(self, since: float) -> str:
        when = f" at {datetime.fromtimestamp(since, UTC):%Y-%m-%d %H:%M:%S} UTC" if since else ""
        return (
            f"the circuit breaker of {self.target} was forced open by an operator{when} and lets nothing through, "
            f"probes neither; 'dtf breakers auto {self.target}' leaves it to itself again (with --broker and --prefix "
            "where another application than dtf keeps it)"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What a piece of evidence did.

    Attributes:
        refund: Whether the job that it came from is to lose no retry.
        refunds: The references of the jobs that get their retries back, this one among them where it had one.
        usual: Whether such failures are so usual on a healthy target that they tell nothing of the job.
        transitions: What the breakers did.
    """

    refund: bool = False
    usual: bool = False
    refunds: tuple[str, ...] = ()
    transitions: tuple[Transition, ...] = ()
