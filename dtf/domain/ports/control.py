"""What the leading coordinator reads and writes. Every write carries its term."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dtf.domain.events import Event
from dtf.domain.manifest import Manifest
from dtf.domain.shard import AttemptResult, Disposition, ShardPlan
from dtf.domain.specs import JobSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A coordinator's time as leader."""

    holder: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobToPlan:
    """A job whose manifest waits to be cut.

    Attributes:
        job_id: The job.
        job: Its specification.
        manifest: What was collected.
        slots: How many shards of the job's queue live workers can run at a time; at least 1.
    """

    job_id: str
    job: JobSpec
    manifest: Manifest
    slots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingShard:
    """A queued shard that is due, as the dispatcher sees it.

    Attributes:
        shard_id: The shard.
        job_id: Its job.
        run_id: Its run.
        queue: Where its hint goes.
        kind: ``run`` or ``collect``.
        priority: 0 (last) to 10 (first).
        rank: Its order inside the job.
        predicted_s: Predicted duration in seconds.
        waiting_s: Since when it has been queued.
        hinted_s: Since when its hint is out; None: not hinted.
    """

    shard_id: str
    job_id: str
    run_id: str
    queue: str
    kind: str
    priority: int
    rank: int
    predicted_s: float
    waiting_s: float
    hinted_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectingJob:
    """A suite whose manifest is not known yet.

    Attributes:
        job_id: The suite.
        queue: Where its hints go.
    """

    job_id: str
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LostAttempt:
    """A claim whose lease ended.

    Attributes:
        result: An INFRA result to record for it.
        crashes: How many infrastructure failures the shard had before.
        max_retries: How many its job allows.
        refunds: How many it had that do not count.
    """

    result: AttemptResult
    crashes: int
    max_retries: int
    refunds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Where a coordinator is.

    Attributes:
        host: Its host's name.
        pid: Its process.
    """

    host: str
    pid: int


class Leadership(Protocol):
    """The lease row that makes one coordinator the leader."""

    def acquire(self, holder: str, lease_s: float, presence: Presence | None = None) -> Term | None:
        """Take the lease if it is free or over, or keep it; None while another one holds it.

        Who leads and who stands by is known with its presence; None: it does not tell.
        """
        ...

    def release(self, term: Term) -> None:
        """Give the lease back, so that a standby leads at once."""
        ...

    def leave(self, holder: str) -> None:
        """Forget a coordinator that ends, whether it led or stood by."""
        ...


class Control(Protocol):
    """What the leading coordinator reads and writes.

    Each writing method raises ``TermOverError`` and changes nothing when the term is over.
    """

    def jobs_to_plan(self) -> Sequence[JobToPlan]:
        """Jobs whose manifest waits to be cut."""
        ...

    def store_plan(self, term: Term, job_id: str, shards: Sequence[ShardPlan]) -> None:
        """Insert a job's shards and set it running. An empty plan finishes it as EMPTY."""
        ...

    def waiting(self, per_queue: int) -> Sequence[WaitingShard]:
        """For each queue the first ``per_queue`` due shards by priority, rank and age, and every hinted one."""
        ...

    def collecting(self) -> Sequence[CollectingJob]:
        """Suites that a worker collects now."""
        ...

    def slots(self) -> dict[str, int]:
        """How many shards live workers can run at a time, by queue.

        Of the queues that they consume, and of those in which shards wait; one that nobody serves is missing.
        """
        ...

    def mark_hinted(self, term: Term, shard_ids: Sequence[str]) -> None:
        """Note that the hints of these shards were sent now."""
        ...

    def lost_attempts(self) -> Sequence[LostAttempt]:
        """Claims whose lease is over."""
        ...

    def expire(self, term: Term, lost: LostAttempt, disposition: Disposition) -> bool:
        """Settle a lost attempt if its lease is still over."""
        ...

    def cancel_overdue(self, term: Term) -> int:
        """Cancel runs past their time limit, and attached runs whose command is gone; return how many."""
        ...

    def lose_workers(self, term: Term, silent_s: float) -> Sequence[str]:
        """Set workers offline that were silent for so long; return their ids."""
        ...

    def settle(self, term: Term) -> int:
        """Finish jobs and runs whose shards are all finished but which are not; return how many."""
        ...

    def pending_events(self, limit: int) -> Sequence[Event]:
        """The oldest events of the outbox that were not delivered."""
        ...

    def mark_delivered(self, term: Term, sequences: Sequence[int]) -> None:
        """Note that these events were delivered."""
        ...
