"""What those who watch the laboratory read of the ledger: all of a moment in one look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dtf.domain.events import Event
from dtf.domain.outcome import Outcome
from dtf.domain.ports.views import AlarmView, LeaderView, RunView, WorkerView
from dtf.domain.recovery import Recovery
from dtf.domain.shard import JobState

#: How many of the newest runs, tasks, recoveries and handovers a moment has at most.
MOST_RUNS, MOST_TASKS, MOST_RECOVERIES, MOST_HANDOVERS = 30, 100, 500, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """A job as those see it who watch.

    Attributes:
        job_id: Its id.
        run_id: Its run.
        name: What people call it.
        kind: What it is: pytest and so on.
        hardware: The hardware tag that it asks for.
        state: Where it stands.
        outcome: Its verdict; None: none yet.
        priority: 0 (last) to 10 (first).
        created_at: Seconds since the epoch, as the others; None: not yet.
        started_at: When its first attempt began.
        finished_at: When it had its verdict.
        workers: The ids of the workers that have a shard of it now.
    """

    job_id: str
    run_id: str
    name: str
    kind: str
    hardware: str
    state: JobState
    outcome: Outcome | None
    priority: int
    created_at: float
    started_at: float | None
    finished_at: float | None
    workers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimView:
    """A shard in the hands of a worker, as those see it who watch.

    Attributes:
        shard_id: The shard.
        attempt: The number of the attempt.
        job_id: Its job.
        run_id: Its run.
        name: What people call the job.
        queue: The queue that the shard waited in.
        worker_id: Who has it.
        slot: On which of its slots; the first one where it has several.
        claimed_at: Since when, in seconds since the epoch.
    """

    shard_id: str
    attempt: int
    job_id: str
    run_id: str
    name: str
    queue: str
    worker_id: str
    slot: int
    claimed_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Counts over all that the ledger has.

    Attributes:
        runs: How many runs there are.
        runs_open: Those that are not over.
        jobs_waiting: Jobs of which nothing has begun.
        jobs_running: Jobs of which something has begun, and that are not over.
        jobs: Finished jobs by outcome (``Outcome`` values).
        cases: Accepted cases by outcome (``CaseOutcome`` values), those of jobs under way included.
        attempts: Of each worker's attempts, by its id: how many are over, by outcome (``Outcome`` values).
    """

    runs: int = 0
    runs_open: int = 0
    jobs_waiting: int = 0
    jobs_running: int = 0
    jobs: Mapping[str, int] = field(default_factory=dict)
    cases: Mapping[str, int] = field(default_factory=dict)
    attempts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinatorView:
    """A coordinator that lives, or lived lately.

    Attributes:
        holder: Its name, as the leader's lease has it.
        host: Its host's name.
        pid: Its process.
        started_at: Seconds since the epoch.
        seen_at: When it was last heard.
    """

    holder: str
    host: str
    pid: int
    started_at: float
    seen_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The ledger as it was at one moment: all of it was true at once.

    Attributes:
        as_of: When, in seconds since the epoch, on the database's clock.
        sequence: The number of the last event.
        totals: Counts over everything.
        runs: The runs that are not over, then the newest others.
        tasks: The newest jobs, those that are not over first.
        workers: All workers, the online ones first.
        backlog: For each queue its unfinished shards by state (``ShardState`` values).
        leader: Who leads.
        coordinators: Who could.
        handovers: When another one began to lead; the latest last.
        alarms: What operators are needed for.
        recoveries: What was done about failures; the latest last.
        claims: What the workers' slots run, the oldest first.
    """

    as_of: float
    sequence: int
    totals: Totals
    runs: Sequence[RunView]
    tasks: Sequence[TaskView]
    workers: Sequence[WorkerView]
    backlog: Mapping[str, Mapping[str, int]]
    leader: LeaderView
    coordinators: Sequence[CoordinatorView]
    handovers: Sequence[Event]
    alarms: Sequence[AlarmView]
    recoveries: Sequence[Recovery]
    claims: Sequence[ClaimView] = ()


class Monitor(Protocol):
    """Reads moments, one after another."""

    def moment(self) -> Moment:
        """The present one.

        Raises:
            LedgerUnavailableError: The database cannot be reached.
        """
        ...

    def coordinators(self) -> Sequence[CoordinatorView]:
        """Who leads or could, and was heard within a day.

        Raises:
            LedgerUnavailableError: The database cannot be reached.
        """
        ...
