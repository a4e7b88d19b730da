"""Slots that own devices."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from dtf.domain.outcome import Outcome
from dtf.domain.shard import ShardState
from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import JobSpec, RunSpec
from dtf.domain.work import BenchmarkWork
from dtf.domain.worker import Device
from tests.integration.guardian.laboratory import Laboratory, until

SEES = "import os, json; print(json.dumps({k: v for k, v in os.environ.items() if 'DEVICES' in k or 'DTF' in k}))"


@pytest.fixture
def gpus(lab: Laboratory) -> Laboratory:
    """A laboratory whose workers have two GPUs that are simulated, in slots 2 and 3."""
    lab.gpus = tuple(Device(kind="cuda", name="a card", uuid=f"simulated-{n}", simulated=True) for n in (0, 1))
    return lab


def test_two_devices_for_one_job(gpus: Laboratory) -> None:
    """A job that needs two devices has them named in its environment and in its proof."""
    guardian, queue = gpus.guardian(), "cuda[devices=2]"
    shard = gpus.python(SEES, hardware="cuda", requirements=("devices=2",))
    assert gpus.run(guardian, shard, queue).outcome is Outcome.PASSED
    seen = json.loads(gpus.log(shard))
    assert seen["CUDA_VISIBLE_DEVICES"] == "simulated-0,simulated-1"
    assert (seen["DTF_HARDWARE"], seen["DTF_DEVICES"], seen["DTF_SIMULATED"]) == (
        "cuda",
        "simulated-0 simulated-1",
        "1",
    )
    (attempt,) = gpus.attempts(shard)
    proof = {word: attempt.proof[word] for word in ("hardware", "device", "device_name", "simulated")}
    assert list(proof.values()) == ["cuda", "simulated-0 simulated-1", "a card; a card", "yes"]
    assert attempt.slot == 2


def test_the_cpu_sees_no_gpu(gpus: Laboratory) -> None:
    """A job of the CPU on a host with GPUs has none of them visible, whatever it asks for."""
    shard = gpus.python(SEES, environment={"CUDA_VISIBLE_DEVICES": "0"})
    gpus.run(gpus.guardian(), shard)
    seen = json.loads(gpus.log(shard))
    assert (seen["CUDA_VISIBLE_DEVICES"], seen["DTF_HARDWARE"], seen["DTF_DEVICES"]) == ("", "cpu", "f")


def test_a_hint_from_a_wrong_queue_is_given_back(gpus: Laboratory) -> None:
    """A shard that its slot cannot take waits again at once, without a crash; a queue that none can take is refused."""
    guardian = gpus.guardian()
    shard = gpus.python("print(1)", hardware="cuda", requirements=("devices=2",))
    for queue in ("cpu", "cuda"):
        assert gpus.run(guardian, shard, queue).outcome is Outcome.INFRA
        found = gpus.shard(shard)
        assert (found.state, found.crashes) == (ShardState.QUEUED, 0)
    assert "did not come from its queue cuda[devices=2]" in gpus.attempts(shard)[0].reason
    reply = gpus.run(guardian, shard, "cuda[devices=3]")
    assert (reply.claimed, reply.unserved) == (False, True)
    assert gpus.run(guardian, shard, "cuda[devices=2]").outcome is Outcome.PASSED


def test_nobody_shares_a_device(gpus: Laboratory) -> None:
    """Four jobs at once on two devices: at any time each is on a device of its own."""
    guardian = gpus.guardian()
    code = (
        "import os, time; place = 'held-' + os.environ['DTF_DEVICES']\n"
        "os.close(os.open(place, os.O_CREAT | os.O_EXCL)); time.sleep(0.3); os.unlink(place)"
    )
    shards = [gpus.python(code, hardware="cuda") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda shard: gpus.run(guardian, shard, "cuda"), shards))
    assert [reply.outcome for reply in replies] == [Outcome.PASSED] * 4
    assert {gpus.attempts(shard)[0].slot for shard in shards} == {2, 3}


def models(lab: Laboratory, *names: str, limit: int = 8) -> list[str]:
    """Submit jobs of one model as a run; the ids of their shards."""
    work = BenchmarkWork(model="mlp", batch_size_limit=limit)
    source = Source(kind=SourceKind.PATH, location=str(lab.work))
    jobs = tuple(JobSpec(name=name, work=work, source=source) for name in names)
    submitted = lab.ledger.submissions.submit(RunSpec(jobs=jobs))
    return [lab.ledger.views.shards(job_id)[0].shard_id for job_id in submitted.job_ids]


def test_jobs_of_a_model_follow_each_other(lab: Laboratory) -> None:
    """One hint brings as many jobs of a model as its limit allows; what an executor saw outweighs what was planned."""
    shards = models(lab, "a", "b", "c", "d", limit=3)
    guardian = lab.guardian()
    reply = lab.run(guardian, shards[0])
    assert (reply.outcome, reply.attempts) == (Outcome.PASSED, 3)
    assert [lab.shard(shard).state for shard in shards] == [ShardState.FINISHED] * 3 + [ShardState.QUEUED]
    (attempt,) = [a for a in lab.attempts(shards[0]) if a.shard_id == shards[0]]
    assert (attempt.proof["hardware"], attempt.proof["device"]) == ("cpu", "as the executor saw it")


def test_a_cancelled_job_leaves_the_next_one_alone(lab: Laboratory) -> None:
    """The job of the same model that was claimed to follow runs when the one before is called off."""
    shards = models(lab, "hang", "b")
    guardian = lab.guardian()
    with lab.begin(guardian, shards[0]):
        until(lambda: b"hang, then b" in lab.log(shards[0]))
        lab.ledger.submissions.cancel_job(lab.shard(shards[0]).job_id, "enough")
        until(lambda: lab.shard(shards[1]).state is ShardState.FINISHED)
    assert [lab.shard(shard).outcome for shard in shards] == [Outcome.CANCELLED, Outcome.PASSED]
