"""Runs as the ledger tells them, made by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dtf.analysis.matrix.facts import RunFacts
from dtf.domain.case import CaseResult
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.ports.views import AttemptView, JobView, RunView
from dtf.domain.shard import JobState, Metric
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import JobSpec
from dtf.domain.work import PytestWork, Work

CPU = {"host": "h", "device_name": "EPYC"}
CUDA = {"device": "GPU-1", "device_name": "H200", "evidence": "process 7 was seen on it"}
SOFTWARE = {"device_name": "SwiftShader in Chromium 156", "software": "yes"}
SIMULATED = {"device_name": "simulated GPU", "simulated": "yes"}


def case(
    name: str,
    outcome: str = "passed",
    properties: Mapping[str, str] | None = None,
    seconds: float = 1.0,
    message: str = "",
) -> CaseResult:
    """A case of ``test_a.py``."""
    return CaseResult(
        ordinal=0,
        nodeid=f"test_a.py::{name}",
        outcome=CaseOutcome(outcome),
        duration_s=seconds,
        message=message,
        properties=properties or {},
    )


@dataclass
class Run:
    """A run that jobs are added to."""

    run_id: str = "r1"
    created_at: float = 100.0
    name: str = "suite"
    expected: int = 0
    jobs: list[JobView] = field(default_factory=list)
    attempts: list[AttemptView] = field(default_factory=list)
    cases: dict[str, list[tuple[str, int, CaseResult]]] = field(default_factory=dict)
    metrics: list[tuple[str, str, int, Metric]] = field(default_factory=list)

    def suite(self, hardware: str, proof: Mapping[str, str] | None, *cases: CaseResult) -> "Run":
        """Add a suite's results on a device; without a proof nobody knows of its attempt."""
        job_id = self._add(hardware, PytestWork(), Outcome.PASSED, {"passed": len(cases)}, proof)
        self.cases[job_id] = [(f"s{job_id}", 1, one) for one in cases]
        return self

    def work(
        self,
        hardware: str,
        work: Work,
        outcome: Outcome | None,
        proof: Mapping[str, str] | None = None,
        metrics: Mapping[str, float] | None = None,
        reason: str = "it is so",
    ) -> "Run":
        """Add a job without cases."""
        job_id = self._add(hardware, work, outcome, {}, proof, reason)
        for name, value in (metrics or {}).items():
            self.metrics.append((f"s{job_id}", job_id, 1, Metric(name=name, value=value, unit="")))
        return self

    def _add(
        self,
        hardware: str,
        work: Work,
        outcome: Outcome | None,
        cases: dict[str, int],
        proof: Mapping[str, str] | None,
        reason: str = "it is so",
    ) -> str:
        job_id = f"{self.run_id}j{len(self.jobs)}"
        spec = JobSpec(name="job", work=work, source=Source(kind=SourceKind.PATH, location="/x"), hardware=hardware)
        self.jobs.append(
            JobView(
                job_id=job_id,
                run_id=self.run_id,
                spec=spec,
                state=JobState.FINISHED,
                outcome=outcome,
                reason="" if outcome is Outcome.PASSED else reason,
                created_at=self.created_at,
                started_at=self.created_at,
                finished_at=self.created_at + 1,
                shards={},
                cases=cases,
                expected=sum(cases.values()),
            )
        )
        if proof is not None:
            self.attempts.append(
                AttemptView(
                    shard_id=f"s{job_id}",
                    job_id=job_id,
                    attempt=1,
                    worker_id="w",
                    worker_name="w",
                    slot=0,
                    outcome=outcome,
                    reason="",
                    started_at=self.created_at,
                    duration_s=1.0,
                    cpu_s=1.0,
                    exit_code=0,
                    signal=None,
                    proof=proof,
                )
            )
        return job_id

    def facts(self) -> RunFacts:
        """What a matrix is made of."""
        total = sum(len(cases) for cases in self.cases.values())
        run = RunView(
            run_id=self.run_id,
            name=self.name,
            created_at=self.created_at,
            started_at=None,
            finished_at=None,
            outcome=Outcome.PASSED,
            reason="",
            labels={},
            jobs=len(self.jobs),
            jobs_finished=len(self.jobs),
            attempts=len(self.attempts),
            cases={"passed": total},
            expected=max(self.expected, total),
            running=0,
            running_failed=0,
            shards={},
        )
        return RunFacts(
            run=run,
            jobs=self.jobs,
            attempts=self.attempts,
            cases=lambda job: self.cases.get(job, []),
            metrics=self.metrics,
        )
