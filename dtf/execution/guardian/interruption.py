"""Why an attempt is ended before its time."""

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Who ended it."""

    #: Somebody called it off.
    CANCELLED = "cancelled"
    #: The claim is another's by now.
    LOST = "lost"
    #: The Celery child that asked for it is gone.
    CHILD_GONE = "child gone"
    #: The worker stops.
    STOPPING = "stopping"
    #: Its hint came to a queue whose slots cannot take it.
    MISDIRECTED = "misdirected"
    #: It has no retry or much time to lose, and what the slot owns is in doubt, was found bad, or is refused.
    SPARED = "spared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """Why an attempt is ended before its time.

    Attributes:
        cause: Who ended it.
        reason: One sentence for people.
    """

    cause: Cause
    reason: str

    @property
    def hurried(self) -> bool:
        """Whether there is no time for the code under test to clean up."""
        return self.cause is not Cause.CANCELLED
