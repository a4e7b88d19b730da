"""What commands and pages read. These reads bypass the domain: rows as they are shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dtf.domain.case import CaseResult
from dtf.domain.manifest import Manifest
from dtf.domain.outcome import Outcome
from dtf.domain.shard import Artifact, JobState, Metric, ShardState
from dtf.domain.specs import JobSpec
from dtf.domain.worker import WorkerInfo, WorkerLoad, WorkerState

#: How many pieces of a log are read at a time where nothing is said.
LOG_PIECES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run.

    Attributes:
        run_id: Its id.
        name: What people call it.
        created_at: Seconds since the epoch; so are the others; None: not yet.
        started_at: When the first attempt began.
        finished_at: When the last job finished.
        outcome: The verdict; None while it runs.
        reason: Why it ended so, if it was ended.
        labels: revision, branch and so on.
        jobs: How many jobs were submitted.
        jobs_finished: How many of them are finished.
        attempts: How many attempts began.
        cases: Accepted cases by outcome (``CaseOutcome`` values).
        expected: Cases in the manifests that are known so far.
        running: Cases reported by attempts that are under way, not accepted yet.
        running_failed: Those of them that failed.
        shards: Shards by state (``ShardState`` values).
        ended_by: CANCELLED or TIMEOUT when a cancellation or the run's own time limit cut it short; None otherwise.
    """

    run_id: str
    name: str
    created_at: float
    started_at: float | None
    finished_at: float | None
    outcome: Outcome | None
    reason: str
    labels: Mapping[str, str]
    jobs: int
    jobs_finished: int
    attempts: int
    cases: Mapping[str, int]
    expected: int
    running: int
    running_failed: int
    shards: Mapping[str, int]
    ended_by: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job."""

    job_id: str
    run_id: str
    spec: JobSpec
    state: JobState
    outcome: Outcome | None
    reason: str
    created_at: float
    started_at: float | None
    finished_at: float | None
    shards: Mapping[str, int]
    cases: Mapping[str, int]
    expected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """An attempt; ``outcome`` is None while it is under way."""

    shard_id: str
    job_id: str
    attempt: int
    worker_id: str
    worker_name: str
    slot: int
    outcome: Outcome | None
    reason: str
    started_at: float
    duration_s: float | None
    cpu_s: float | None
    exit_code: int | None
    signal: int | None
    proof: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardView:
    """A shard, with what its dispatch is waiting for."""

    shard_id: str
    job_id: str
    queue: str
    kind: str
    state: ShardState
    attempt: int
    crashes: int
    priority: int
    rank: int
    predicted_s: float
    cases: int
    not_before: float | None
    hinted_at: float | None
    lease_until: float | None
    worker_id: str | None
    outcome: Outcome | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerView:
    """A worker as it registered, and as it was last heard."""

    info: WorkerInfo
    state: WorkerState
    load: WorkerLoad | None
    registered_at: float
    seen_at: float
    took_work_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmView:
    """A shard about which dtf has done all that it can by itself: it goes elsewhere, and an operator should look.

    Attributes:
        shard_id: The shard, which is not finished.
        job_id: Its job.
        run_id: Its run.
        queue: Where it waits or runs.
        failures: How often the infrastructure failed under it.
        failure: How it failed last.
        worker: The name of the worker on which that was.
        at: When, in seconds since the epoch.
        reason: Why, in one sentence.
    """

    shard_id: str
    job_id: str
    run_id: str
    queue: str
    failures: int
    failure: str
    worker: str
    at: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderView:
    """Who leads; ``holder`` is empty when the lease is free.

    Attributes:
        holder: The coordinator.
        term: Its term, or the last one.
        expires_in_s: For how long its lease holds if it is not renewed.
        expires_at: When the lease ends or ended, in seconds since the epoch; 0: nobody ever led.
    """

    holder: str
    term: int
    expires_in_s: float
    expires_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFacts:
    """What the audit of a run weighs; counted by the database, not by the recording code.

    Attributes:
        jobs_submitted: Jobs in the run.
        jobs_finished: Those with a verdict.
        shards: Shards by state.
        attempts: Attempts that began.
        stale_results: Results of superseded attempts that were kept.
        manifests: By job: the manifest that was planned (jobs without one are missing).
        accepted: By job: for each ordinal how many accepted cases there are.
        planned: By job: for each ordinal in how many run shards it stands.
        excused: By job: ordinals of shards that finished cancelled.
        commands: By command job: how many accepted attempts (finished shards with a verdict) it has.
    """

    jobs_submitted: int
    jobs_finished: int
    shards: Mapping[str, int]
    attempts: int
    stale_results: int
    manifests: Mapping[str, Manifest]
    accepted: Mapping[str, Mapping[int, int]]
    planned: Mapping[str, Mapping[int, int]]
    excused: Mapping[str, frozenset[int]]
    commands: Mapping[str, int]


class Views(Protocol):
    """What commands and pages read.

    A run may be named by its id, a prefix of it that only one has, or ``last``;
    ``UnknownRecordError`` says what was not found.
    """

    def resolve_run(self, name: str) -> str:
        """The id of the run that is meant."""
        ...

    def resolve_job(self, name: str) -> str:
        """The id of the job that is meant."""
        ...

    def run(self, run_id: str) -> RunView:
        """A run."""
        ...

    def runs(self, limit: int = 50, active_only: bool = False) -> Sequence[RunView]:
        """The newest runs first."""
        ...

    def jobs(self, run_id: str) -> Sequence[JobView]:
        """A run's jobs in the order of submission."""
        ...

    def job(self, job_id: str) -> JobView:
        """A job."""
        ...

    def shards(self, job_id: str) -> Sequence[ShardView]:
        """A job's shards by rank."""
        ...

    def attempts(self, run_id: str) -> Sequence[AttemptView]:
        """A run's attempts in the order in which they began."""
        ...

    def cases(self, job_id: str, outcomes: Sequence[str] = ()) -> Iterator[CaseResult]:
        """A job's accepted cases in manifest order, only of these outcomes if any are named."""
        ...

    def placed_cases(self, job_id: str) -> Iterator[tuple[str, int, CaseResult]]:
        """A job's accepted cases in manifest order, as (shard id, attempt, case).

        Their details and output are left out.
        """
        ...

    def metrics(self, run_id: str) -> Sequence[tuple[str, str, int, Metric]]:
        """What a run's accepted attempts measured, as (shard id, job id, attempt, metric), in the order of measuring.

        An attempt is accepted when it finished its shard. A value that was not finite is what it was.
        """
        ...

    def artifacts(self, run_id: str) -> Sequence[tuple[str, int, Artifact]]:
        """A run's artifacts as (shard id, attempt, artifact)."""
        ...

    def log(self, run_id: str, after: int = 0, limit: int = LOG_PIECES) -> Sequence[tuple[int, str, int, bytes]]:
        """Pieces of the run's logs in the order of arrival, as (position, shard id, attempt, bytes).

        At most ``limit`` pieces: ask on from the last position until none come.
        """
        ...

    def workers(self) -> Sequence[WorkerView]:
        """All workers, the online ones first."""
        ...

    def leader(self) -> LeaderView:
        """Who leads."""
        ...

    def alarms(self, job_id: str = "", limit: int = 50) -> Sequence[AlarmView]:
        """What operators are needed for, of one job or all, the oldest first; it ends with its shard."""
        ...

    def backlog(self) -> Mapping[str, Mapping[str, int]]:
        """For each queue its unfinished shards by state."""
        ...

    def audit(self, run_id: str) -> AuditFacts:
        """What the audit of a run weighs."""
        ...

    def now(self) -> float:
        """Seconds since the epoch on the database's clock, by which everything in the ledger is dated."""
        ...

    def ping(self) -> None:
        """Answer, or raise ``LedgerUnavailableError``."""
        ...
