"""How runs come in and are called off."""

from dataclasses import dataclass
from typing import Protocol

from dtf.domain.specs import RunSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The answer to a submission.

    Attributes:
        run_id: The run.
        job_ids: Its jobs, in the order of the specification.
        created: False when an equal submission with this idempotency key was there before.
    """

    run_id: str
    job_ids: tuple[str, ...]
    created: bool


class Submissions(Protocol):
    """How runs come in and are called off."""

    def submit(self, spec: RunSpec) -> Submitted:
        """Write the run and its jobs in one transaction; once it returns they are durable.

        A command job gets one queued run shard, a suite one queued collect shard.

        Raises:
            IdempotencyConflictError: The key was used with another specification.
            LedgerUnavailableError: Nothing was written.
        """
        ...

    def touch_run(self, run_id: str, attached_s: float) -> None:
        """Say that the attached command lives: the run is not cancelled for the next ``attached_s`` seconds."""
        ...

    def cancel_run(self, run_id: str, reason: str) -> int:
        """Finish queued shards as cancelled, mark claimed ones to be cancelled; return how many there were.

        Harmless for a finished run.
        """
        ...

    def cancel_job(self, job_id: str, reason: str) -> int:
        """The same for one job."""
        ...
