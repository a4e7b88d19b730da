"""What the ledger's tests do over and over: submit, plan, claim, report."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from dtf.domain.case import CaseResult
from dtf.domain.manifest import Manifest, ManifestItem
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.ports.control import Term
from dtf.domain.shard import AttemptResult, ClaimedShard, Disposition, Finish, ShardPlan
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import CommandWork, JobSpec, PytestWork, RunSpec
from dtf.domain.worker import WorkerInfo
from dtf.storage.ledger import Ledger

SOURCE = Source(kind=SourceKind.PATH, location="/suite")


def suite(name: str = "suite", max_failures: int = 0, priority: int = 5) -> JobSpec:
    """A suite."""
    return JobSpec(name=name, work=PytestWork(max_failures=max_failures), source=SOURCE, priority=priority)


def command(name: str = "command", priority: int = 5) -> JobSpec:
    """A command."""
    return JobSpec(name=name, work=CommandWork(argv=("true",)), source=SOURCE, priority=priority)


def manifest(size: int) -> Manifest:
    """A manifest of one module."""
    return Manifest(items=tuple(ManifestItem(nodeid=f"test_a.py::test_{n}", module="test_a.py") for n in range(size)))


def worker(worker_id: str = "w1", slots: int = 2, queues: tuple[str, ...] = ("cpu",)) -> WorkerInfo:
    """A worker."""
    return WorkerInfo(
        worker_id=worker_id, name=f"dtf@{worker_id}", host="h", fingerprint="f", pid=7, queues=queues, slots=slots
    )


def result(
    shard: ClaimedShard, outcome: Outcome = Outcome.PASSED, cases: Sequence[CaseResult] = (), reason: str = ""
) -> AttemptResult:
    """A result of the claimed attempt."""
    return AttemptResult(
        shard_id=shard.shard_id,
        attempt=shard.attempt,
        worker_id="w1",
        slot=0,
        outcome=outcome,
        cases=tuple(cases),
        reason=reason,
    )


def cases(shard: ClaimedShard, outcome: CaseOutcome = CaseOutcome.PASSED, first: int | None = None) -> list[CaseResult]:
    """Cases for what the shard still has to run, or for its first few."""
    return [
        CaseResult(ordinal=ordinal, nodeid=item.nodeid, outcome=outcome, duration_s=0.5)
        for ordinal, item in shard.items[:first]
    ]


@dataclass
class Laboratory:
    """A ledger with a leader, and the usual steps."""

    ledger: Ledger
    run_id: str = ""
    job_ids: tuple[str, ...] = ()
    term: Term = field(default_factory=lambda: Term(holder="", number=0))

    def submit(self, *jobs: JobSpec, timeout_s: float | None = None, attached: bool = False) -> None:
        """Submit a run."""
        self.lead()
        run = self.ledger.submissions.submit(RunSpec(jobs=jobs, timeout_s=timeout_s, attached=attached))
        self.run_id, self.job_ids = run.run_id, run.job_ids

    def lead(self, lease_s: float = 600.0) -> Term:
        """Be the leader."""
        term = self.ledger.leadership.acquire("coordinator", lease_s)
        assert term is not None
        self.term = term
        return term

    def waiting(self) -> list[str]:
        """The ids of the shards that are due, in the dispatcher's order."""
        return [shard.shard_id for shard in self.ledger.control.waiting(1000)]

    def claim(self, shard_id: str | None = None, worker_id: str = "w1", lease_s: float = 30.0) -> ClaimedShard:
        """Claim a shard: the named one, else the first."""
        claimed = self.ledger.shards.claim(shard_id or self.waiting()[0], worker_id=worker_id, slot=0, lease_s=lease_s)
        assert claimed is not None
        return claimed

    def record(self, value: AttemptResult, disposition: Disposition | None = None) -> bool:
        """Record a result."""
        return self.ledger.shards.record(value, disposition or Finish())

    def plan(self, *sizes: int, max_failures: int = 0) -> list[str]:
        """Submit a suite, collect it and cut it into shards of these sizes; their ids in rank order."""
        self.submit(suite(max_failures=max_failures))
        self.collect(sum(sizes))
        (to_plan,) = self.ledger.control.jobs_to_plan()
        starts = [sum(sizes[:rank]) for rank in range(len(sizes))]
        shards = [
            ShardPlan(ordinals=tuple(range(start, start + size)), affinity="test_a.py", predicted_s=1.0, rank=rank)
            for rank, (start, size) in enumerate(zip(starts, sizes, strict=True))
        ]
        self.ledger.control.store_plan(self.term, to_plan.job_id, shards)
        return self.waiting()

    def collect(self, size: int) -> None:
        """Claim the collect shard and bring a manifest."""
        shard = self.claim()
        found = AttemptResult(
            shard_id=shard.shard_id,
            attempt=shard.attempt,
            worker_id="w1",
            slot=0,
            outcome=Outcome.PASSED,
            manifest=manifest(size),
        )
        assert self.record(found)

    @property
    def outcome(self) -> Outcome | None:
        """The run's verdict."""
        return self.ledger.views.run(self.run_id).outcome
