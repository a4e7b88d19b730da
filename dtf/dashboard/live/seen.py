"""What was seen at one moment: the ledger, and the breakers, which are elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dtf.breakers.status import BreakerStatus
from dtf.domain.learned import Learned
from dtf.domain.ports.monitor import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen.

    Attributes:
        moment: The ledger's.
        runs_cluster: Whether a cluster is configured or runs.
        place: Where the laboratory is, for people.
        breakers: All breakers, by hardware and name; None: they cannot be had.
        breaker_problem: Why not; empty: they can, or no cluster runs.
        policy: By what breakers decide.
        learned: What was learned; None: nothing.
        earlier_score: What the health score was on average over the last 15 minutes; None: there are no samples.
        injections: What jobs met on purpose, as ``Injections.told`` gives it.
    """

    moment: Moment
    runs_cluster: bool
    place: str
    breakers: Sequence[BreakerStatus] | None = None
    breaker_problem: str = ""
    policy: str = ""
    learned: Learned | None = None
    earlier_score: float | None = None
    injections: Sequence[Mapping[str, object]] = ()
