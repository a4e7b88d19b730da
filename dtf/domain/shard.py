"""The unit that is claimed, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dtf.domain.case import CaseResult
from dtf.domain.failure import FailureType
from dtf.domain.manifest import Manifest, ManifestItem
from dtf.domain.outcome import Outcome
from dtf.domain.recovery import RecoveryAction
from dtf.domain.specs import JobSpec


class ShardKind(StrEnum):
    """What a shard is for."""

    #: Runs a part of a suite, or a command.
    RUN = "run"
    #: Collects a suite and runs nothing.
    COLLECT = "collect"


class ShardState(StrEnum):
    """Where a shard stands. Queued and claimed alternate until it is finished."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    FINISHED = "finished"


class JobState(StrEnum):
    """Where a job stands."""

    #: A suite whose manifest is not known yet; its collect shard is queued or claimed.
    COLLECTING = "collecting"
    #: The manifest is stored; the coordinator is to cut it into shards.
    PLANNING = "planning"
    RUNNING = "running"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardPlan:
    """One shard as the planner cut it.

    Attributes:
        ordinals: Places in the manifest, in the order of execution.
        affinity: The module (or group) that the shard belongs to; a slot that ran one goes on with the next.
        predicted_s: The predicted duration in seconds.
        rank: The order of dispatch inside its job, 0 first.
        requires: What its tests ask for beside what the job does.
    """

    ordinals: tuple[int, ...]
    affinity: str
    predicted_s: float
    rank: int
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedShard:
    """A shard in the hands of a worker.

    Attributes:
        shard_id: Its id.
        attempt: The number of this attempt, from 1; it is the fence of every later write.
        run_id: The run that it belongs to.
        job_id: The job that it belongs to.
        job: The job's specification.
        kind: What it is for.
        affinity: The module that it belongs to; empty for commands and collections.
        items: What is left to run, as (ordinal, item); empty for commands and collections.
        crashes: How many earlier attempts ended by infrastructure failures that count.
        refunds: How many ended by infrastructure failures that do not count.
        action: What sent it out again after a failure; None: nothing did.
        lease_s: How long the claim holds without renewal, in seconds.
        max_failures: The job ends after so many failures; 0: never.
        failures: How many it had when the shard was claimed, as the ledger knew. What this worker runs or records
            at that time is not in it.
        queue: Where it waited: its tag and all that narrows it.
        injects: Whether this attempt is the one that is to meet the failure that the job asks for.
    """

    shard_id: str
    attempt: int
    run_id: str
    job_id: str
    job: JobSpec
    kind: ShardKind
    affinity: str = ""
    items: tuple[tuple[int, ManifestItem], ...] = ()
    crashes: int = 0
    refunds: int = 0
    action: RecoveryAction | None = None
    lease_s: float = 30.0
    max_failures: int = 0
    failures: int = 0
    queue: str = ""
    injects: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file that an attempt leaves.

    Attributes:
        name: Its path below the artifact root, with forward slashes.
        digest: ``sha256:<hex>`` of its content in the blob store.
        size: Bytes.
        media_type: Its media type.
    """

    name: str
    digest: str
    size: int
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A named measure with its unit."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptResult:
    """What an attempt came to.

    Attributes:
        shard_id: The shard.
        attempt: The number of the attempt.
        worker_id: Who ran it.
        slot: On which slot.
        outcome: The verdict; INFRA when the infrastructure ended it.
        reason: One sentence for people; empty when passed.
        cases: The cases that were reported, each ordinal at most once. Kept also when the outcome is INFRA.
        manifest: What a collection found.
        exit_code: Of the command or the last runner.
        signal: The signal that ended it.
        started_at: Seconds since the epoch, on the worker's clock.
        duration_s: Wall time in seconds.
        cpu_s: CPU-seconds of the processes that were waited for.
        max_rss_bytes: Their largest resident set.
        metrics: Named measures.
        artifacts: Files that were kept.
        proof: What it ran on: host, pid, interpreter, versions, device UUID; under ``notes`` remarks for people, one
            a line.
        crashed: Whether an infrastructure failure counts against the shard (False for a drained worker).
        lost: Whether the worker, or its process that had asked for the attempt, went away under it.
    """

    shard_id: str
    attempt: int
    worker_id: str
    slot: int
    outcome: Outcome
    reason: str = ""
    cases: tuple[CaseResult, ...] = ()
    manifest: Manifest | None = None
    exit_code: int | None = None
    signal: int | None = None
    started_at: float = 0.0
    duration_s: float = 0.0
    cpu_s: float = 0.0
    max_rss_bytes: int = 0
    metrics: tuple[Metric, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    proof: Mapping[str, str] = field(default_factory=dict)
    crashed: bool = True
    lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The attempt's outcome is the shard's.

    Attributes:
        failure: What kind of failure of the infrastructure it was; None: none.
        exhausted: Whether it is finished only because its retries are used up, as far as the worker knows; the ledger
            may know of one that was refunded.
    """

    failure: FailureType | None = None
    exhausted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Requeue:
    """What is left of the shard goes back to its queue.

    Attributes:
        delay_s: Not before so many seconds.
        level: The recovery level, 1 to 5.
        reason: One sentence for people.
        action: What is done about the failure.
        failure: What kind of failure it was; None: none, the attempt was given back.
        avoid: The ids of workers that are not to have the shard again as long as another can take it.
        counts: Whether the failure counts against the shard.
    """

    delay_s: float = 0.0
    level: int = 1
    reason: str = ""
    action: RecoveryAction = RecoveryAction.RETRY
    failure: FailureType | None = None
    avoid: tuple[str, ...] = ()
    counts: bool = True


#: What is to become of a shard after an attempt; decided by ``dtf.resilience.recovery``.
Disposition = Finish | Requeue
