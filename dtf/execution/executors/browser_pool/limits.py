"""When a browser is replaced by a new one."""

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why a browser was ended."""

    AGE = "age"
    JOBS = "jobs"
    MEMORY = "memory"
    #: It crashed, hung, or does not do what it did before.
    HEALTH = "health"
    #: The next job wants another browser.
    OTHER = "other browser"
    #: Or one that other programs can connect to, or one that they cannot.
    CONNECTIONS = "other programs' access"
    #: Or other variables.
    VARIABLES = "other variables"
    #: Nobody used it for long.
    IDLE = "idle"
    #: Its job was called off, or its slot or the worker ended.
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLimits:
    """How long a browser is kept.

    Attributes:
        age_s: No job begins in one that is older, in seconds.
        jobs: Nor in one that has done so many.
        memory_bytes: Nor in one whose processes take more together.
        idle_s: One that nobody used for so long is ended.
        look_s: How often its memory is looked at, at most, in seconds.
    """

    age_s: float = 3600.0
    jobs: int = 500
    memory_bytes: int = 3 * 2**30
    idle_s: float = 600.0
    look_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How a browser stands.

    Attributes:
        age_s: Since its start, in seconds.
        jobs: How many it has done.
        memory_bytes: What its processes take together, pages that they share counted in each.
    """

    age_s: float
    jobs: int
    memory_bytes: int


def why_replace(condition: Condition, limits: PoolLimits) -> Cause | None:
    """Why a browser is to be replaced before its next job; None: it need not be."""
    if condition.age_s > limits.age_s:
        return Cause.AGE
    if condition.jobs >= limits.jobs:
        return Cause.JOBS
    if condition.memory_bytes > limits.memory_bytes:
        return Cause.MEMORY
    return None
