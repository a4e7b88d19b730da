"""What became of shards and of their attempts, for those who know no more than their ids."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from dtf.domain.outcome import Outcome
from dtf.domain.shard import ShardState


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFate:
    """A job.

    Attributes:
        job_id: Its id.
        run_id: Its run.
        name: What people call it.
        outcome: Its verdict; None: none yet.
    """

    job_id: str
    run_id: str
    name: str
    outcome: Outcome | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardFate:
    """A shard.

    Attributes:
        shard_id: Its id.
        job: Its job.
        state: Where it stands.
        attempt: How many attempts there were.
        worker: The name of the worker that has it, or had it last; empty: none had it.
        outcome: Its verdict; None: none yet.
        reason: Why it is not passed.
        attempts: Their verdicts by their numbers; None: it is under way, or its result has not come yet.
    """

    shard_id: str
    job: JobFate
    state: ShardState
    attempt: int
    worker: str
    outcome: Outcome | None
    reason: str
    attempts: Mapping[int, Outcome | None] = field(default_factory=dict)


class Fates(Protocol):
    """Looks them up."""

    def shards(self, shard_ids: Collection[str]) -> dict[str, ShardFate]:
        """Those of some shards, by id, in one look; one that is unknown is missing.

        Raises:
            LedgerUnavailableError: The database cannot be reached.
        """
        ...

    def jobs(self, job_ids: Collection[str]) -> dict[str, JobFate]:
        """The same for jobs."""
        ...
