"""The answers to why a job waits."""

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """What a job is doing or waiting for."""

    FINISHED = "finished"
    RUNNING = "running"
    NO_LEADER = "no_leader"
    NO_WORKER = "no_worker"
    WORKERS_AWAY = "workers_away"
    NO_DEVICE = "no_device"
    #: There are workers for the tag, and none has what is required beside it.
    UNSATISFIED = "unsatisfied"
    PLANNING = "planning"
    #: The circuit breakers of all slots that could take it are open.
    BREAKER_OPEN = "breaker_open"
    #: What they own is in quarantine.
    QUARANTINE = "quarantine"
    NOT_BEFORE = "not_before"
    HINTED = "hinted"
    BEHIND = "behind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The answer.

    Attributes:
        cause: What the job is doing or waiting for.
        sentence: The same for people.
        advice: What to do; empty: nothing, it goes on by itself.
    """

    cause: Cause
    sentence: str
    advice: str = ""
