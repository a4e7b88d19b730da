from collections.abc import Sequence

import pytest

from dtf.analysis.audit import audit
from dtf.domain.case import CaseResult
from dtf.domain.manifest import Manifest
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.shard import AttemptResult, ClaimedShard, Finish, ShardKind
from dtf.domain.specs import CommandWork, JobSpec, PytestWork, RunSpec
from dtf.storage.ledger.ledger import Ledger
from tests.integration.coordinator.conftest import SOURCE, WORKER, Start, wait_for
from tests.support.suites import suite
from tests.support.valkey import Valkey


class Worker:
    """What a worker does, by hand: pops hints, claims, records."""

    def __init__(self, ledger: Ledger, valkey: Valkey) -> None:
        self.ledger = ledger
        self.valkey = valkey
        ledger.workers.register(WORKER)

    def hinted(self) -> int:
        """How many messages wait."""
        with self.valkey.client as client:
            return int(client.llen("cpu"))

    def pop(self) -> None:
        """Take one message off the queue."""
        with self.valkey.client as client:
            client.lpop("cpu")

    def claim(self, shard_id: str, lease_s: float = 30.0) -> ClaimedShard | None:
        """Claim a shard."""
        return self.ledger.shards.claim(shard_id, worker_id="w1", slot=0, lease_s=lease_s)

    def record(self, shard: ClaimedShard, manifest: Manifest | None = None) -> bool:
        """Let everything in a shard pass."""
        cases = tuple(
            CaseResult(ordinal=ordinal, nodeid=item.nodeid, outcome=CaseOutcome.PASSED) for ordinal, item in shard.items
        )
        result = AttemptResult(
            shard_id=shard.shard_id,
            attempt=shard.attempt,
            worker_id="w1",
            slot=0,
            outcome=Outcome.PASSED,
            cases=cases,
            manifest=manifest,
        )
        return self.ledger.shards.record(result, Finish())


@pytest.fixture
def worker(ledger: Ledger, valkey: Valkey) -> Worker:
    """A worker with two slots."""
    return Worker(ledger, valkey)


def _shards(ledger: Ledger, job_id: str, kind: ShardKind) -> Sequence[str]:
    return [shard.shard_id for shard in ledger.views.shards(job_id) if shard.kind == kind]


def test_a_suite_is_collected_planned_hinted_and_audited(ledger: Ledger, worker: Worker, start: Start) -> None:
    """From submit to an audit that is ok, with every hint out by itself."""
    start("c1")
    job = JobSpec(name="suite", work=PytestWork(paths=("tests",)), source=SOURCE)
    submitted = ledger.submissions.submit(RunSpec(jobs=(job,)))
    job_id = submitted.job_ids[0]
    wait_for(lambda: worker.hinted() == 2)  # the collection, and a word to the idle slot
    worker.pop()
    worker.pop()
    collection = worker.claim(_shards(ledger, job_id, ShardKind.COLLECT)[0])
    assert collection is not None

    worker.record(collection, suite([("a.py", 300), ("b.py", 40), ("c.py", 3)]))

    wait_for(lambda: worker.hinted() >= 4)
    for shard_id in _shards(ledger, job_id, ShardKind.RUN):
        shard = worker.claim(shard_id)
        assert shard is not None
        assert worker.record(shard)
    report = audit(ledger.views.audit(submitted.run_id))
    assert report.ok, report.problems
    assert (report.submitted, report.terminal, report.lost, report.duplicated) == (1, 1, 0, 0)
    assert ledger.views.run(submitted.run_id).cases["passed"] == 343


def test_a_lost_attempt_goes_out_again(ledger: Ledger, worker: Worker, start: Start) -> None:
    """The lease of a dead worker ends: soon the shard can be claimed as attempt 2, and the late result is stale."""
    start("c1")
    job = JobSpec(name="command", work=CommandWork(argv=("true",)), source=SOURCE)
    submitted = ledger.submissions.submit(RunSpec(jobs=(job,)))
    shard_id = _shards(ledger, submitted.job_ids[0], ShardKind.RUN)[0]
    late = worker.claim(shard_id, lease_s=0.5)
    assert late is not None

    wait_for(lambda: ledger.views.shards(submitted.job_ids[0])[0].state == "queued")

    again = worker.claim(shard_id)
    assert again is not None
    assert (again.attempt, again.crashes) == (2, 1)
    assert worker.record(late) is False
    assert worker.record(again) is True
    report = audit(ledger.views.audit(submitted.run_id))
    assert (report.ok, report.attempts, report.stale_results) == (True, 2, 1)


def test_hints_survive_a_broker_that_restarts_empty(
    ledger: Ledger, worker: Worker, valkey: Valkey, start: Start
) -> None:
    """Killed and started again without its data: the hints are back."""
    start("c1")
    jobs = tuple(JobSpec(name=f"n{n}", work=CommandWork(argv=("true",)), source=SOURCE) for n in range(3))
    ledger.submissions.submit(RunSpec(jobs=jobs))
    wait_for(lambda: worker.hinted() == 3)

    valkey.kill()
    valkey.start()

    wait_for(lambda: worker.hinted() == 3)
