from dataclasses import replace

import pytest

from dtf.breakers.stores import open_store
from dtf.domain.breaker import BreakerMode, Sign, Target
from dtf.domain.evidence import EvidenceRecord
from dtf.domain.specs import CommandWork, JobSpec, RunSpec
from dtf.domain.worker import WorkerLoad
from dtf.resilience.breaker import Evidence
from dtf.resilience.breaker_params import FIXED
from dtf.storage.ledger.ledger import Ledger
from tests.integration.coordinator.conftest import SOURCE, WORKER, Start, wait_for
from tests.support.valkey import Valkey

#: The way to the worker, by the tag that it serves.
WAY = Target(hardware="cpu", name=WORKER.name)
OTHER = replace(WORKER, worker_id="w2", name="w2@lab", queues=("openvino",))


def _fail(valkey: Valkey, target: Target) -> None:
    """Let a fixed breaker open."""
    store = open_store(valkey.url)
    epoch = store.ask(target, FIXED, permit="p").epoch
    for _ in range(FIXED.failures_to_open):
        store.observe(target, FIXED, Evidence(sign=Sign.INFRA, likelihood=(0.02, 0.5, 0.9), epoch=epoch))
    store.close()


def _told(ledger: Ledger) -> list[object]:
    return [event.get("after") for event in ledger.breakers.history(WAY)]


def test_transitions_are_told_once_over_a_leaders_death(ledger: Ledger, start: Start, valkey: Valkey) -> None:
    """Killed with -9 before or after it told them; what waits moves, and comes back when the breaker lets work in."""
    ledger.workers.register(WORKER)
    ledger.workers.register(OTHER)
    job = JobSpec(name="j", work=CommandWork(argv=("true",)), source=SOURCE, fallback=("openvino",))
    (job_id,) = ledger.submissions.submit(RunSpec(jobs=(job,))).job_ids
    first = start("c1", 1.5)
    _fail(valkey, WAY)
    wait_for(lambda: _told(ledger) == ["open"])
    first.kill()
    first.wait()
    start("c2", 1.5)
    wait_for(lambda: ledger.views.shards(job_id)[0].queue == "openvino")
    store = open_store(valkey.url)
    store.set_mode(WAY, BreakerMode.FORCED_CLOSED)
    wait_for(lambda: ledger.views.shards(job_id)[0].queue == "cpu")
    assert _told(ledger) == ["open"]
    store.close()


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_what_is_learned_outlives_the_coordinator_and_the_broker(ledger: Ledger, start: Start, valkey: Valkey) -> None:
    """River learns from what was told and looks ahead; the next leader publishes it to a broker that knows nothing."""
    store = open_store(valkey.url)
    store.ask(WAY, FIXED, permit="p")
    ledger.workers.register(replace(WORKER, memory_bytes=1000))
    load = WorkerLoad(cpu_percent=1, memory_percent=2, load_1m=0, busy_slots=1, slot_memory_bytes={"0": 250})
    ledger.workers.heartbeat(WORKER.worker_id, load)
    for number in range(600):
        sign = Sign.INFRA if number % 10 == 0 else Sign.WORKED
        at = store.now() - 600 + number
        store.tell(EvidenceRecord(at=at, target=WAY, sign=sign, job_group="g", duration_s=1.0))
    first = start("c1", 1.5)
    wait_for(store.learned)
    first.terminate()
    first.wait()
    learned = store.learned()
    assert learned is not None
    assert 0.03 < learned.target(WAY).base_rate < 0.3
    assert learned.early_warning is not None
    assert learned.early_warning.targets[str(WAY)].vitals["memory"] == 0.25
    store._client.flushall()  # type: ignore[attr-defined]
    start("c2", 1.5)
    wait_for(store.learned)
    again = store.learned()
    assert again is not None
    assert again.targets == learned.targets
    assert again.early_warning == learned.early_warning
    store.close()


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_an_operators_hold_outlives_the_broker(ledger: Ledger, start: Start, valkey: Valkey) -> None:
    """The broker is killed and comes back empty: the leader restores what holds, says so, and leaves what was ended."""
    store, other = open_store(valkey.url), replace(WAY, name="other@lab")

    def order(target: Target, mode: BreakerMode) -> None:
        store.set_mode(target, mode, order=ledger.breakers.tell_mode(target, mode, "fan broken"))

    def mode(target: Target) -> BreakerMode | None:
        return record.mode if (record := store.read(target)) else None

    def restored(target: Target) -> list[object]:
        return [event["restored"] for event in ledger.breakers.history(target) if "restored" in event]

    order(WAY, BreakerMode.FORCED_OPEN)
    valkey.kill()
    valkey.start()
    start("c1", 1.5)
    wait_for(lambda: restored(WAY) == ["forced_open"])
    assert mode(WAY) is BreakerMode.FORCED_OPEN
    order(WAY, BreakerMode.AUTO)
    order(other, BreakerMode.METRICS_ONLY)
    valkey.kill()
    valkey.start()
    wait_for(lambda: restored(other) == ["metrics_only"])
    assert (mode(other), mode(WAY)) == (BreakerMode.METRICS_ONLY, None)
    assert restored(WAY) == ["forced_open"]
    store.close()
