import random
from concurrent.futures import ThreadPoolExecutor

from dtf.domain.outcome import CaseOutcome, Outcome
from dtf.domain.ports.shards import Held
from dtf.domain.shard import ClaimedShard, Finish, Requeue
from dtf.storage.ledger import Ledger
from tests.integration.ledger.laboratory import Laboratory, cases, command, result

_WORKERS = 6


def _work(ledger: Ledger, seed: int) -> int:
    """Claim, renew, lose, follow on and record until nothing waits; return how many results counted."""
    chance, name, counted = random.Random(seed), f"w{seed}", 0
    while waiting := ledger.control.waiting(20):
        shard = ledger.shards.claim(chance.choice(waiting).shard_id, worker_id=name, slot=0, lease_s=30)
        while shard is not None:
            ledger.shards.renew(name, [Held(shard_id=shard.shard_id, attempt=shard.attempt)], 30)
            counted += _end(ledger, shard, name, chance.random())
            shard = ledger.shards.claim_follow_on(shard, worker_id=name, slot=0, lease_s=30)
    return counted


def _end(ledger: Ledger, shard: ClaimedShard, name: str, luck: float) -> bool:
    if luck < 0.1:
        ledger.shards.release_worker(name, "lost")
    if luck < 0.3:
        some = cases(shard, first=len(shard.items) // 2)
        return ledger.shards.record(result(shard, Outcome.INFRA, some), Requeue())
    outcome = CaseOutcome.FAILED if luck < 0.5 else CaseOutcome.PASSED
    return ledger.shards.record(result(shard, Outcome.PASSED, cases(shard, outcome)), Finish())


def test_storm_loses_and_doubles_nothing(lab: Laboratory) -> None:
    """Workers that claim, lose, follow on and record at random, beside a cancelled run: every case counts once."""
    lab.plan(*[4] * 40)
    suite_run, job_id = lab.run_id, lab.job_ids[0]
    lab.submit(*(command(f"c{n}") for n in range(20)))
    with ThreadPoolExecutor(_WORKERS + 1) as pool:
        working = [pool.submit(_work, lab.ledger, seed) for seed in range(_WORKERS)]
        pool.submit(lab.ledger.submissions.cancel_run, lab.run_id, "storm").result(60)
        assert sum(future.result(120) for future in working) >= 40
    facts = lab.ledger.views.audit(suite_run)
    assert facts.accepted[job_id] == facts.planned[job_id] == dict.fromkeys(range(160), 1)
    assert facts.shards == {"finished": 41}
    run = lab.ledger.views.run(suite_run)
    assert run.outcome in (Outcome.FAILED, Outcome.PASSED)
    assert sum(run.cases.values()) == 160
    assert lab.ledger.views.run(lab.run_id).outcome is not None
