"""How an attempt begins, lives and ends."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dtf.domain.breaker import Target
from dtf.domain.shard import AttemptResult, ClaimedShard, Disposition
from dtf.domain.specs import JobSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A claim that is to be renewed, with its progress.

    Attributes:
        shard_id: The shard.
        attempt: The attempt that holds it.
        done: Cases reported so far.
        failed: Those of them that failed or broke.
    """

    shard_id: str
    attempt: int
    done: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """The answer for one renewed claim.

    Attributes:
        cancel_reason: Why it is to be cancelled; None: go on.
    """

    cancel_reason: str | None = None


class Shards(Protocol):
    """How an attempt begins, lives and ends. Every write is fenced by the attempt's number."""

    def claim(
        self, shard_id: str, *, worker_id: str, slot: int, lease_s: float, refusing: Collection[Target] = ()
    ) -> ClaimedShard | None:
        """Claim a queued shard, or None when it is not to be had (claimed, finished, cancelled, not yet due).

        One that this worker failed is left to another that serves its queue; who has only targets that are refused
        serves none.
        """
        ...

    def claim_follow_on(
        self, shard: ClaimedShard, *, worker_id: str, slot: int, lease_s: float, queues: Sequence[str] = ()
    ) -> ClaimedShard | None:
        """Claim the next queued shard of the same affinity that the same slot can take.

        That is one of the same job, in rank order. For a shard whose affinity is a model's it is one of any job of the
        run, in the order of submission.

        Args:
            shard: The shard before.
            worker_id: Who claims.
            slot: For which slot.
            lease_s: How long the claim holds without renewal, in seconds.
            queues: Where a model's next one may wait beside the queue of the shard before.

        Returns:
            None when there is none, or when a shard of a higher priority waits in the same queue.
        """
        ...

    def renew(self, worker_id: str, held: Sequence[Held], lease_s: float) -> Mapping[str, Renewal]:
        """Renew all claims of a worker in one statement; a shard missing from the answer is lost."""
        ...

    def record(self, result: AttemptResult, disposition: Disposition) -> bool:
        """Write an attempt's result in one transaction and settle job and run; repeatable without harm.

        Returns:
            True when the attempt was the current one; False when it was superseded: the result is kept as stale.

        Raises:
            LedgerUnavailableError: Nothing was written; the caller spools it.
        """
        ...

    def held_by(self, worker_id: str) -> Sequence[tuple[int, str, JobSpec]]:
        """What this worker holds, as (slot, queue, job)."""
        ...

    def release_worker(self, worker_id: str, reason: str) -> int:
        """Requeue at once everything that this worker holds, without counting a crash; return how many.

        Used by a worker's new guardian for what the old one left. What was lost in that way too often is finished.
        """
        ...

    def job(self, job_id: str) -> JobSpec | None:
        """The specification of a job that is not finished; None otherwise."""
        ...

    def job_has_queued(self, job_id: str) -> bool:
        """Whether a shard of the job waits to be claimed, due or not."""
        ...

    def bound_to(
        self, worker_id: str, queues: Collection[str], refusing: Collection[Target], count: int
    ) -> Sequence[tuple[str, str, JobSpec]]:
        """The most urgent shards of each queue that no other worker can run, as (shard, queue, job).

        Args:
            worker_id: The worker.
            queues: Where they wait.
            refusing: The targets that take no work; a worker that has no others runs nothing.
            count: So many of each queue at most.
        """
        ...

    def left_to_others(self, shard_id: str, worker_id: str, refusing: Collection[Target] = ()) -> str:
        """Why a worker is to leave a queued shard to others, which it failed; empty: there is no such reason.

        To be asked when ``claim`` gave None: the hint is then not to be dropped but to be put back.

        Args:
            shard_id: The shard.
            worker_id: The worker.
            refusing: The targets that take no work; a worker that has no others serves nothing.
        """
        ...

    def refund(self, shard_ids: Sequence[str]) -> int:
        """Give each of these shards back the retry that its latest failure cost; return how many got one.

        For failures that turned out to be the target's: those that led to a breaker's opening. A shard that is
        finished, or whose failures cost nothing, is left as it is.
        """
        ...

    def append_log(self, shard_id: str, attempt: int, sequence: int, data: bytes) -> None:
        """Add a piece to an attempt's log; a repeated sequence number changes nothing."""
        ...
