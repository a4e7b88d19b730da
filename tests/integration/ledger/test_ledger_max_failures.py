"""A job that ends after so many failures."""

from dataclasses import replace

from dtf.analysis.audit import audit
from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.ports.shards import Held
from dtf.domain.shard import ShardPlan, ShardState
from tests.integration.ledger.laboratory import Laboratory, cases, manifest, result, suite


def test_a_shard_that_stopped_by_itself(lab: Laboratory) -> None:
    """Its unrun cases are excused, what waits is cancelled, and the job has failed with the reason."""
    ids = lab.plan(4, 2, max_failures=1)
    shard = lab.claim(ids[0])
    assert (shard.max_failures, shard.failures) == (1, 0)
    lab.record(result(shard, Outcome.CANCELLED, cases(shard, CaseOutcome.FAILED, first=1), "stopping after 1 failure"))
    job = lab.ledger.views.job(lab.job_ids[0])
    assert (job.outcome, job.reason) == (Outcome.FAILED, "stopping after 1 failure")
    report = audit(lab.ledger.views.audit(lab.run_id))
    assert (report.ok, report.lost) == (True, 0)


def test_a_shard_that_stopped_for_nothing(lab: Laboratory) -> None:
    """Where the failures that a worker knew of do not count, because their attempt is superseded, the rest runs."""
    ids = lab.plan(4, max_failures=1)
    shard = lab.claim(ids[0])
    lab.record(result(shard, Outcome.CANCELLED, cases(shard, first=1), "stopping after 1 failure"))
    again = lab.claim(ids[0])
    assert [ordinal for ordinal, _ in again.items] == [1, 2, 3]
    lab.record(result(again, Outcome.PASSED, cases(again)))
    assert lab.ledger.views.job(lab.job_ids[0]).outcome is Outcome.PASSED


def test_a_claim_brings_the_failures_so_far(lab: Laboratory) -> None:
    """Recorded ones, and those that other workers report with their renewals; not those of the claimant's own."""
    ids = lab.plan(2, 2, 2, 2, max_failures=9)
    recorded, own, other = lab.claim(ids[0]), lab.claim(ids[1]), lab.claim(ids[2], worker_id="w2")
    lab.record(result(recorded, Outcome.FAILED, cases(recorded, CaseOutcome.ERROR)))
    lab.ledger.shards.renew("w1", [Held(shard_id=own.shard_id, attempt=1, done=1, failed=1)], 30)
    lab.ledger.shards.renew("w2", [Held(shard_id=other.shard_id, attempt=1, done=1, failed=1)], 30)
    assert lab.claim(ids[3]).failures == 3


def test_the_suites_own_limit(lab: Laboratory) -> None:
    """What the suite's options say counts, unless the submission said something."""
    for asked, expected in ((0, 3), (7, 7)):
        lab.submit(suite(max_failures=asked))
        shard = lab.claim()
        lab.record(replace(result(shard), manifest=replace(manifest(1), max_failures=3)))
        (to_plan,) = lab.ledger.control.jobs_to_plan()
        only = ShardPlan(ordinals=(0,), affinity="test_a.py", predicted_s=1.0, rank=0)
        lab.ledger.control.store_plan(lab.term, to_plan.job_id, [only])
        claimed = lab.claim()
        assert claimed.max_failures == expected
        lab.record(result(claimed, cases=cases(claimed)))


def test_whether_a_job_has_more_work(lab: Laboratory) -> None:
    """A job has work as long as a shard is queued, also one that is not due."""
    ids = lab.plan(1, 1)
    job_id = lab.job_ids[0]
    assert lab.ledger.shards.job_has_queued(job_id)
    claimed = [lab.claim(shard_id) for shard_id in ids]
    assert not lab.ledger.shards.job_has_queued(job_id)
    lab.ledger.shards.release_worker("w1", "it went away")
    assert lab.ledger.shards.job_has_queued(job_id)
    assert {shard.state for shard in lab.ledger.views.shards(job_id)} >= {ShardState.QUEUED}
    del claimed


def test_which_suites_are_collected_now(lab: Laboratory) -> None:
    """From the claim of the collect shard to its record."""
    lab.submit(suite())
    assert lab.ledger.control.collecting() == []
    shard = lab.claim()
    assert [(job.job_id, job.queue) for job in lab.ledger.control.collecting()] == [(shard.job_id, "cpu")]
    lab.record(replace(result(shard), manifest=manifest(2)))
    assert lab.ledger.control.collecting() == []
