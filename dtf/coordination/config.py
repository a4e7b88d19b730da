"""How a coordinator behaves."""

from dataclasses import dataclass, field

from dtf.domain.ids import new_id
from dtf.domain.ports.control import Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinatorConfig:
    """How a coordinator behaves; times in seconds.

    Attributes:
        holder: What names this coordinator in the lease; unlike any other's.
        lease_s: How long its lease holds without renewal.
        interval_s: How often the leader looks for work.
        standby_s: How often a standby asks for the lease.
        worker_silent_s: After so long without a heartbeat a worker is lost.
        window_s: How much predicted work is hinted ahead for each slot.
        presence: Where it is, for those who watch; None: it does not tell that it lives.
    """

    holder: str = field(default_factory=lambda: new_id("c"))
    lease_s: float = 10.0
    interval_s: float = 0.2
    standby_s: float = 1.0
    worker_silent_s: float = 30.0
    window_s: float = 1.0
    presence: Presence | None = None
