"""Requirement queues in the ledger: who can serve them, and what follows on in them."""

from dataclasses import replace

from dtf.domain.shard import ClaimedShard, ShardPlan
from dtf.domain.slot import Slot
from dtf.domain.specs import JobSpec
from dtf.domain.work import BenchmarkWork
from dtf.domain.worker import Device, WorkerInfo, WorkerState
from tests.integration.ledger.laboratory import SOURCE, Laboratory, command, suite, worker


def gpus(worker_id: str, *memories: int, queues: tuple[str, ...] = ("cuda", "gpu")) -> WorkerInfo:
    """A worker with a GPU, and a slot for it, for each memory in GB."""
    devices = tuple(
        Device(kind="cuda", name="g", uuid=f"{worker_id}-{number}", details={"memory_bytes": memory * 10**9})
        for number, memory in enumerate(memories)
    )
    table = tuple(
        Slot(number=number, tags=("cuda", "gpu"), devices=(device.uuid,)) for number, device in enumerate(devices)
    )
    return replace(worker(worker_id, len(table), queues), devices=devices, slot_table=table)


def benchmark(name: str, model: str = "mlp", *, grouping: bool = True, require: tuple[str, ...] = ()) -> JobSpec:
    """A benchmark of a model."""
    work = BenchmarkWork(model=model, hardware_grouping=grouping)
    return JobSpec(name=name, work=work, source=SOURCE, hardware="cuda", requirements=require)


def follow(lab: Laboratory, before: ClaimedShard, *queues: str) -> ClaimedShard | None:
    """Claim what follows on."""
    return lab.ledger.shards.claim_follow_on(before, worker_id="w1", slot=0, lease_s=30, queues=queues)


def test_a_requirement_queue_has_the_slots_that_satisfy_it(lab: Laboratory) -> None:
    """Slots count where they satisfy the queue, by the devices that one shard takes; draining workers do not."""
    lab.submit(*(replace(command(), hardware="cuda", requirements=(text,)) for text in ("vram_gb>=40", "devices=2")))
    lab.ledger.workers.register(gpus("a", 24, 48, 80))
    lab.ledger.workers.register(gpus("b", 80, queues=("cuda[vram_gb>=40]",)))
    lab.ledger.workers.register(worker("c", 4, ("cpu",)))
    assert lab.ledger.control.slots() == {
        "cpu": 4,
        "cuda": 3,
        "gpu": 3,
        "cuda[vram_gb>=40]": 3,
        "cuda[devices=2]": 1,
    }
    lab.ledger.workers.register(gpus("a", 24))
    assert lab.ledger.control.slots()["cuda[vram_gb>=40]"] == 1
    lab.ledger.workers.set_state("b", WorkerState.DRAINING)
    assert "cuda[vram_gb>=40]" not in lab.ledger.control.slots()


def test_the_open_queues(lab: Laboratory) -> None:
    """A queue is open while a shard waits in it."""
    assert lab.ledger.workers.open_queues() == []
    lab.submit(command(), replace(command(), requirements=("cores>=2",)))
    assert list(lab.ledger.workers.open_queues()) == ["cpu", "cpu[cores>=2]"]
    lab.claim()
    assert len(lab.ledger.workers.open_queues()) == 1


def test_what_a_mark_requires_narrows_the_queue(lab: Laboratory) -> None:
    """Shards of tests with requirements of their own wait in a narrower queue, and do not follow on others."""
    lab.submit(replace(suite(), requirements=("cores>=2",)))
    assert [job.queue for job in lab.ledger.control.collecting()] == []
    lab.collect(3)
    (to_plan,) = lab.ledger.control.jobs_to_plan()
    plans = [
        ShardPlan(ordinals=(0,), affinity="m", predicted_s=1, rank=0),
        ShardPlan(ordinals=(1,), affinity="m", predicted_s=1, rank=1, requires=("webnn",)),
        ShardPlan(ordinals=(2,), affinity="m", predicted_s=1, rank=2),
    ]
    lab.ledger.control.store_plan(lab.term, to_plan.job_id, plans)
    waiting = {shard.rank: shard for shard in lab.ledger.control.waiting(9)}
    assert [waiting[rank].queue for rank in range(3)] == ["cpu[cores>=2]", "cpu[cores>=2;webnn]", "cpu[cores>=2]"]
    first = lab.claim(waiting[0].shard_id)
    assert first.queue == "cpu[cores>=2]"
    following = follow(lab, first)
    assert following is not None
    assert following.shard_id == waiting[2].shard_id
    assert follow(lab, following) is None


def test_a_collection_is_prepared_in_its_queue(lab: Laboratory) -> None:
    """A suite that is collected now is named with the queue of its job, requirements included."""
    lab.submit(replace(suite(), hardware="cuda", requirements=("vram_gb>=24",)))
    lab.claim()
    assert [job.queue for job in lab.ledger.control.collecting()] == ["cuda[vram_gb>=24]"]


def test_jobs_of_one_model_follow_each_other(lab: Laboratory) -> None:
    """The next job of the run with the same model and queue is claimed, in order, and noted as begun."""
    lab.submit(benchmark("a"), benchmark("b", "cnn"), benchmark("c"), benchmark("d"))
    shards = {lab.ledger.views.shards(job_id)[0].shard_id: job_id for job_id in lab.job_ids}
    first = lab.claim(next(iter(shards)))
    second = follow(lab, first)
    assert second is not None
    assert second.job_id == lab.job_ids[2]
    third = follow(lab, second)
    assert third is not None
    assert third.job_id == lab.job_ids[3]
    assert follow(lab, third) is None
    assert lab.ledger.views.job(lab.job_ids[3]).started_at is not None
    assert lab.ledger.views.job(lab.job_ids[1]).started_at is None


def test_a_model_follows_on_in_queues_that_the_slot_can_take(lab: Laboratory) -> None:
    """Another queue's job follows on only where the caller says that the slot can take it; another run's never."""
    lab.submit(benchmark("other run"))
    lab.submit(benchmark("a"), benchmark("b", require=("vram_gb>=24",)))
    first = lab.claim(lab.ledger.views.shards(lab.job_ids[0])[0].shard_id)
    assert follow(lab, first) is None
    second = follow(lab, first, "cuda[vram_gb>=24]")
    assert second is not None
    assert second.queue == "cuda[vram_gb>=24]"
