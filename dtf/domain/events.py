"""What happened, as the outbox tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class EventKind(StrEnum):
    """The kinds of domain events."""

    RUN_SUBMITTED = "run_submitted"
    RUN_FINISHED = "run_finished"
    JOB_PLANNED = "job_planned"
    JOB_FINISHED = "job_finished"
    SHARD_REQUEUED = "shard_requeued"
    #: A recovery was tried, and a probe or the work itself found that it works again.
    RECOVERY_COMPLETED = "recovery_completed"
    #: A recovery was tried in vain.
    RECOVERY_FAILED = "recovery_failed"
    #: What dtf can do by itself was not enough: the work goes elsewhere, and an operator should look.
    OPERATOR_NEEDED = "operator_needed"
    #: An attempt met a failure that was injected on purpose, or was to meet one; its data say what was seen.
    FAILURE_INJECTED = "failure_injected"
    #: A circuit breaker opened, closed or began to probe, or an operator took it in hand.
    BREAKER_CHANGED = "breaker_changed"
    #: What waits of a job went to fallback hardware, as the breakers of its own are open, or came back.
    JOB_MOVED = "job_moved"
    RESULT_STALE = "result_stale"
    WORKER_REGISTERED = "worker_registered"
    WORKER_LOST = "worker_lost"
    COORDINATOR_CHANGED = "coordinator_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened.

    Attributes:
        sequence: Its place in the outbox.
        at: Seconds since the epoch, on the database's clock.
        kind: What happened.
        subject: The id of the run, job, shard, worker or coordinator that it is about.
        run_id: The run that it belongs to; empty: none.
        data: The details, in JSON's types.
    """

    sequence: int
    at: float
    kind: EventKind
    subject: str
    run_id: str = ""
    data: Mapping[str, object] = field(default_factory=dict)
