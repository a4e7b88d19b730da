"""Whose doing it was that work was killed from outside: its own, or that of the place where it ran."""

from collections.abc import Iterable
from typing import Final

from dtf.domain.breaker import Sign, Target

#: The kill before is remembered for so long, in seconds.
WITHIN_S: Final = 600.0
#: A group of which at least this share crashes is killed by its own doing.
OWN_FROM: Final = 0.5


class Kills:
    """Tells places that kill their work from work that kills itself.

    Who sent a SIGKILL cannot be seen: the kernel as memory ran out, a stranger, or the work itself. The same program
    may do so wherever it runs, so a kill is a crash, which its job group may explain. Where the one before on the same
    target hit another group, the target is what both have in common, and it is the infrastructure's failure.
    """

    def __init__(self) -> None:
        self._last: dict[Target, tuple[str, float]] = {}

    def sign(self, targets: Iterable[Target], group: str, now: float, *, own: float) -> Sign:
        """What a kill says about the targets of an attempt.

        Args:
            targets: What it ran on.
            group: The job's.
            now: The time, in seconds.
            own: The share of the group that crashes by its own fault, as far as that is known.
        """
        if own >= OWN_FROM:
            return Sign.CRASH  # nor does it say anything about the next one
        shared = False
        for target in targets:
            before, at = self._last.get(target, (group, now))
            shared = shared or (before != group and now - at <= WITHIN_S)
            self._last[target] = (group, now)
        return Sign.INFRA if shared else Sign.CRASH
