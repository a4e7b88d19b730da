"""Sees to it that an attempt's permit is for what the attempt runs on."""

from typing import Protocol

from dtf.breakers.permit import Permit
from dtf.domain.breaker import Target
from dtf.domain.shard import ClaimedShard
from dtf.execution.guardian.interruption import Interruption
from dtf.execution.guardian.ward import Ward


class Asking(Protocol):
    """An attempt, as far as its permit is concerned."""

    permit: Permit | None
    interruption: Interruption | None

    @property
    def claim(self) -> ClaimedShard:
        """The shard."""
        ...

    @property
    def targets(self) -> tuple[Target, ...]:
        """What can be bad under it."""
        ...


async def ask_anew(ward: Ward, attempt: Asking, *, is_probe: bool) -> str:
    """See to it that an attempt's permit is for what the attempt runs on, before it begins.

    The permit is asked for before anybody knows which shard is claimed. One of another queue may need other devices:
    then the permit is given back, and one for these is asked for.

    Args:
        ward: Keeps the breakers of the worker.
        attempt: The attempt.
        is_probe: Whether it stands in for a canary; then it is that of one target or none.

    Returns:
        Why it is not to run here; empty: it may.
    """
    permit = attempt.permit
    if attempt.interruption or permit is None or not permit.holds or permit.targets == attempt.targets:
        return ""
    attempt.permit = None
    await ward.leave(permit)
    if is_probe:
        return f"it was to be the probe of {permit.targets[0]}, which its queue {attempt.claim.queue} does not have"
    anew = await ward.enter(attempt.targets)
    if isinstance(anew, Permit):
        attempt.permit = anew
        return ""
    return str(anew.error())
