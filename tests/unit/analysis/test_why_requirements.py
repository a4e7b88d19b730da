from dataclasses import replace

import pytest

from dtf.analysis.shortfall import shortfall
from dtf.analysis.why import Cause, why
from dtf.domain.ports.views import WorkerView
from dtf.domain.shard import ShardState
from dtf.domain.slot import Slot
from dtf.domain.worker import Device, DeviceState, WorkerInfo, WorkerState
from tests.unit.analysis.test_why import NOW, SHARD, _job, _situation

FACTS: dict[str, str | int | float | bool] = {"memory_bytes": 16_100_000_000, "compute_capability": "7.5", "mig": False}
T4 = Device(kind="cuda", name="Tesla T4", uuid="GPU-1", details=FACTS)
H200 = Device(kind="cuda", name="H200", uuid="GPU-2", details=FACTS | {"memory_bytes": 150_000_000_000})
SIMULATED = Device(kind="cuda", name="simulated cuda", uuid="simulated-cuda-0", simulated=True)
CHROMIUM = Device(
    kind="webgpu",
    name="SwiftShader in Chromium 156",
    uuid="webgpu-chromium-h",
    details={"browser": "chromium", "webnn": False, "software": True},
)


def info(*devices: Device, name: str = "w1", tags: tuple[str, ...] = (), shares: int = 1) -> WorkerInfo:
    """A worker with slots for its devices."""
    own = [device for device in devices for _ in range(shares)]
    table = tuple(
        Slot(number=n, tags=(device.kind, "gpu") if device.kind == "cuda" else (device.kind,), devices=(device.uuid,))
        for n, device in enumerate(own)
    )
    queues = tuple(dict.fromkeys(tag for slot in table for tag in slot.tags))
    return WorkerInfo(
        worker_id=name,
        name=name,
        host="lab",
        fingerprint="f",
        pid=1,
        queues=queues,
        slots=len(table),
        tags=tags,
        devices=devices,
        cpu_count=8,
        memory_bytes=64 * 10**9,
        slot_table=table,
    )


def view(worker: WorkerInfo) -> WorkerView:
    """It, present."""
    return WorkerView(
        info=worker, state=WorkerState.ONLINE, load=None, registered_at=NOW, seen_at=NOW, took_work_at=None
    )


@pytest.mark.parametrize(
    ("queue", "workers", "told"),
    [
        (
            "cuda[vram_gb>=24]",
            [info(T4)],
            "no worker satisfies vram_gb>=24: cuda devices here have 16.1 (w1, GPU-1)",
        ),
        (
            "gpu[vram_gb>=200]",
            [info(T4, H200, name="a"), info(replace(T4, uuid="GPU-3"), name="b")],
            "no worker satisfies vram_gb>=200: gpu devices here have 16.1 (a, GPU-1 and 1 more), 150 (a, GPU-2)",
        ),
        (
            "cuda[vram_gb>=1]",
            [info(SIMULATED)],
            "no worker satisfies vram_gb>=1: no cuda device here tells its vram_gb (w1, simulated-cuda-0)",
        ),
        (
            "cuda[vram>=1]",
            [info(T4)],
            "no worker satisfies vram>=1: no cuda device here tells its vram (did you mean 'vram_gb'?) (w1, GPU-1)",
        ),
        (
            "cuda[transformer]",
            [info(T4, tags=("gpu", "transformers")), info(H200, name="w2")],
            (
                "no worker satisfies transformer: the tags here are gpu, transformers (w1), none (w2)"
                " (did you mean 'transformers'?)"
            ),
        ),
        (
            "webgpu[webnn]",
            [info(CHROMIUM)],
            "no worker satisfies webnn: webgpu devices here have no (w1, webgpu-chromium-h)",
        ),
        (
            "webgpu[browser=firefox]",
            [info(CHROMIUM)],
            "no worker satisfies browser=firefox: webgpu devices here have chromium (w1, webgpu-chromium-h)",
        ),
        (
            "cuda[uuid=gpu-1;vram_gb>=24]",
            [info(T4, H200)],
            (
                "no worker satisfies uuid=gpu-1 and vram_gb>=24 on one device: w1, GPU-1 lacks vram_gb>=24;"
                " w1, GPU-2 lacks uuid=gpu-1"
            ),
        ),
        (
            "cuda[devices=2]",
            [info(T4, name="a"), info(H200, name="b", shares=3)],
            "no worker has 2 cuda devices for one job: those that would do here are 1 (a), 1 (b)",
        ),
        (
            "cuda[devices=2;vram_gb>=24]",
            [info(T4, H200)],
            "no worker has 2 cuda devices for one job: those that would do here are 1 (w1)",
        ),
        (
            "cuda[vram_gb>=24]",
            [replace(info(T4), devices=(replace(T4, state=DeviceState.FAILED, reason="wrong answer"),))],
            "no worker has a cuda device that can be used: Tesla T4 failed (wrong answer)",
        ),
        ("cuda[nonsense", [info(T4)], "queue 'cuda[nonsense' is no name of a queue"),
    ],
)
def test_what_is_missing_and_what_is_there(queue: str, workers: list[WorkerInfo], told: str) -> None:
    """The first requirement that nothing fulfils, with what there is in its place."""
    assert shortfall(queue, workers) == told


def test_a_requirement_that_nobody_fulfils() -> None:
    """The job waits for capacity, not for its turn."""
    shard = replace(SHARD, queue="cuda[vram_gb>=24]")

    answer = why(_situation(view(info(T4)), shards=(shard,)))

    assert answer.cause is Cause.UNSATISFIED
    assert answer.sentence == "No worker satisfies vram_gb>=24: cuda devices here have 16.1 (w1, GPU-1)."


def test_a_requirement_that_somebody_fulfils() -> None:
    """A worker that has it makes the job wait for its turn; when it is away, that is told."""
    shard = replace(SHARD, queue="cuda[vram_gb>=24]")

    assert why(_situation(view(info(T4)), view(info(H200, name="w2")), shards=(shard,))).cause is Cause.BEHIND
    away = replace(view(info(H200, name="w2")), state=WorkerState.OFFLINE)
    answer = why(_situation(view(info(T4)), away, shards=(shard,)))
    assert answer.cause is Cause.WORKERS_AWAY
    assert "w2 is offline" in answer.sentence
    assert "w1" not in answer.sentence


def test_each_queue_of_a_suite_counts() -> None:
    """Tests with marks wait in queues of their own: one that nobody serves is told, also while others run."""
    plain, marked = SHARD, replace(SHARD, shard_id="s2", queue="cuda[webnn]")

    answer = why(_situation(view(info(T4)), shards=(plain, marked)))
    assert answer.cause is Cause.UNSATISFIED
    assert "webnn" in answer.sentence

    claimed = replace(plain, state=ShardState.CLAIMED, worker_id="w1")
    answer = why(_situation(view(info(T4)), shards=(claimed, marked)))
    assert answer.cause is Cause.RUNNING
    assert answer.sentence.startswith("It runs, 1 shard at the moment, on w1; 1 shard wait. No worker satisfies webnn:")


def test_devices_that_are_kept_back() -> None:
    """A job of one device is told for whom free ones are kept, and the other that it gets them one by one."""
    worker = view(info(T4, H200))
    hinted = replace(SHARD, hinted_at=NOW - 5)
    backlog = {"cuda": {"queued": 1}, "cuda[devices=2]": {"queued": 1}}

    answer = why(_situation(worker, shards=(hinted,), backlog=backlog))
    assert "kept back for a job that needs 2 of them (queue cuda[devices=2])" in answer.sentence

    both = replace(hinted, queue="cuda[devices=2]")
    answer = why(_situation(worker, shards=(both,), backlog=backlog))
    assert answer.sentence.endswith("It needs 2 devices at once and gets them as they come free.")

    # no worker here could ever run it, so nothing is kept for it
    answer = why(_situation(view(info(T4)), shards=(hinted,), backlog=backlog))
    assert "kept back" not in answer.sentence


def test_gpu_means_either_kind_and_a_declared_tag_needs_no_device() -> None:
    """``gpu`` is served by CUDA devices, and ``openvino`` by the CPU slots of a worker that declares it."""
    assert why(_situation(view(info(T4)), shards=(replace(SHARD, queue="gpu"),))).cause is Cause.BEHIND
    openvino = replace(
        info(), queues=("cpu", "openvino"), slots=1, slot_table=(Slot(number=0, tags=("cpu", "openvino")),)
    )
    job = _job("openvino")
    assert why(_situation(view(openvino), job=job, shards=(replace(SHARD, queue="openvino"),))).cause is Cause.BEHIND
