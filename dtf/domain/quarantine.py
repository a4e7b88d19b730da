"""What a worker gives to nobody until a canary passes on it."""

from dataclasses import dataclass

from dtf.domain.breaker import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """A target of one worker that is in quarantine; for others it may be well.

    Attributes:
        target: Which.
        slots: The numbers of the slots that use it.
        for_s: For how long, in seconds.
        reason: Why, in one sentence for people.
    """

    target: Target
    slots: tuple[int, ...]
    for_s: float
    reason: str
