"""A process's copies of closed breakers."""

from time import monotonic

from dtf.breakers.permit import Hold, Permit
from dtf.domain.breaker import Target

#: More targets, and more sets of them that are kept ready, than this are forgotten: names come and go.
_MOST_READY = 4096


class Copies:
    """The breakers that were closed and calm a moment ago, and the permits that follow.

    Attributes:
        ready: By the targets asked for: until when the permit may be given out, on the monotonic clock, and the permit.

    Args:
        trust_s: How long a copy is trusted.
    """

    def __init__(self, trust_s: float) -> None:
        self._trust_s = trust_s
        self._holds: dict[Target, tuple[float, Hold]] = {}
        self.ready: dict[tuple[Target, ...], tuple[float, Permit]] = {}

    def hold(self, target: Target) -> Hold | None:
        """A copy that can be trusted now; None: there is none."""
        found = self._holds.get(target)
        return found[1] if found and monotonic() < found[0] else None

    def put(self, hold: Hold) -> None:
        """The breaker was seen just now, closed and calm."""
        if len(self._holds) >= _MOST_READY:
            self._holds.clear()
        self._holds[hold.target] = monotonic() + self._trust_s, hold

    def drop(self, target: Target) -> None:
        """The breaker is not as it was."""
        self._holds.pop(target, None)
        self.ready.clear()

    def keep(self, targets: tuple[Target, ...], permit: Permit) -> None:
        """Keep a permit ready for as long as the copies of all its targets can be trusted."""
        if not permit.holds or permit.is_probe:
            return
        kept = [self._holds.get(hold.target) for hold in permit.holds]
        if len(self.ready) >= _MOST_READY:
            self.ready.clear()
        if all(one is not None and one[1] is hold for one, hold in zip(kept, permit.holds, strict=True)):
            self.ready[targets] = min(one[0] for one in kept if one is not None), permit
