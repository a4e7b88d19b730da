"""A real guardian, with its breakers in a real server, has waiting work be the probe of what they hold."""

from math import log
from pathlib import Path

from dtf.breakers.config import BreakerConfig
from dtf.breakers.store import BreakerStore
from dtf.breakers.stores import open_store
from dtf.domain.breaker import BreakerState, Sign, Target
from dtf.domain.learned import Learned, LearnedGroup, LearnedTarget
from dtf.domain.outcome import Outcome
from dtf.domain.shard import ShardState
from dtf.resilience.breaker import Evidence
from dtf.resilience.breaker_params import BreakerParams
from dtf.resilience.job_group import job_group
from tests.integration.guardian.laboratory import Laboratory, until
from tests.support.valkey import running_valkey

#: Is killed from outside, as far as anybody can tell, the first time.
_KILLED = """
import os, pathlib
left = pathlib.Path("kills")
count = int(left.read_text())
left.write_text(str(count - 1))
count > 0 and os.kill(os.getpid(), 9)
"""

MACHINE = Target(hardware="cpu", name="celery@here")


def open_breaker(store: BreakerStore) -> None:
    """Have a breaker see failures until it opens."""
    while (record := store.read(MACHINE)) is None or record.state is BreakerState.CLOSED:
        evidence = Evidence(sign=Sign.INFRA, likelihood=(0.02, 0.5, 0.9), epoch=record.epoch if record else 0)
        store.observe(MACHINE, BreakerParams(), evidence)


def teach(store: BreakerStore, group: str, seconds: float) -> None:
    """Publish how long the jobs of a group run, as a learner does."""
    known = {group: LearnedGroup(duration_log_mean=log(seconds), duration_log_sd=0.1, evidence=50)}
    store.publish(Learned(at=store.now(), targets={str(MACHINE): LearnedTarget(evidence=100)}, groups=known))


def group_of(lab: Laboratory, shard_id: str) -> str:
    """The job group of a shard."""
    job = lab.ledger.shards.job(lab.shard(shard_id).job_id)
    assert job is not None
    return job_group(job)


def test_a_short_shard_is_the_probe_of_an_open_breaker(lab: Laboratory, tmp_path: Path) -> None:
    """No hint brings it to the held slot: it runs in a canary's place, loses no retry if it fails, and runs again."""
    with running_valkey(tmp_path) as valkey:
        lab.breaker, lab.store = "learned", valkey.url
        store = open_store(valkey.url, BreakerConfig())
        try:
            (lab.work / "kills").write_text("1")
            short = lab.python(_KILLED, max_retries=0)
            teach(store, group_of(lab, short), 0.05)
            open_breaker(store)
            lab.guardian()
            until(lambda: lab.shard(short).state is ShardState.FINISHED)
            assert [attempt.outcome for attempt in lab.attempts(short)] == [Outcome.INFRA, Outcome.PASSED]
            assert any(one.after is BreakerState.HALF_OPEN for one in store.transitions(MACHINE, 1))
        finally:
            store.close()


def test_a_long_shard_is_no_probe(lab: Laboratory, tmp_path: Path) -> None:
    """Canaries close the breaker in its place, and it stays queued until a hint brings it."""
    with running_valkey(tmp_path) as valkey:
        lab.breaker, lab.store = "learned", valkey.url
        store = open_store(valkey.url, BreakerConfig())
        try:
            long = lab.python("print('no probe')", max_retries=0)
            teach(store, group_of(lab, long), 600.0)
            open_breaker(store)
            lab.guardian()
            until(lambda: store.all()[MACHINE].state is BreakerState.CLOSED)
            assert lab.shard(long).state is ShardState.QUEUED
        finally:
            store.close()
