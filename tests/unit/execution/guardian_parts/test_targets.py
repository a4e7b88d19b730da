from dtf.domain.breaker import Target
from dtf.domain.slot import Slot
from dtf.domain.worker import Device, WorkerInfo
from dtf.execution.guardian.guard import make_guards
from dtf.execution.guardian.targets import attempt_targets

GPU = Device(kind="cuda", name="g", uuid="G0")
SIMULATED = Device(kind="cuda", name="s", uuid="simulated-cuda-0", simulated=True)
BROWSERS = tuple(
    Device(kind="webgpu", name=name, uuid=f"webgpu-{name}", details={"browser": name})
    for name in ("chromium", "firefox")
)
CPU = Device(kind="cpu", name="c", uuid="host")
WORKER = WorkerInfo(
    worker_id="w",
    name="celery@lab",
    host="lab",
    fingerprint="host",
    pid=1,
    queues=("cpu", "cuda", "webgpu"),
    slots=5,
    devices=(CPU, GPU, SIMULATED, *BROWSERS),
    slot_table=(
        *(Slot(number=number, tags=("cpu",), devices=("host",)) for number in (0, 1)),
        Slot(number=2, tags=("cuda",), devices=("G0",)),
        Slot(number=3, tags=("cuda",), devices=("simulated-cuda-0",)),
        Slot(number=4, tags=("webgpu",), devices=tuple(device.uuid for device in BROWSERS)),
    ),
)


def test_each_device_is_guarded_once() -> None:
    """The slots of a CPU share the worker as their target, a browser's slot has one for each browser."""
    guards = {str(guard.target): guard.slots for guard in make_guards(WORKER).values()}
    assert guards == {
        "cpu/celery@lab": (0, 1),
        "cuda/G0": (2,),
        "cuda/simulated-cuda-0@celery@lab": (3,),
        "webgpu/webgpu-chromium": (4,),
        "webgpu/webgpu-firefox": (4,),
    }


def test_what_can_be_bad_under_an_attempt() -> None:
    """All GPUs that it has, the one browser that it uses, or the worker."""
    cuda = (Target(hardware="cuda", name="G0"), Target(hardware="cuda", name="simulated-cuda-0@celery@lab"))
    assert attempt_targets(WORKER, (SIMULATED, GPU)) == cuda
    assert attempt_targets(WORKER, BROWSERS[::-1]) == (Target(hardware="webgpu", name="webgpu-firefox"),)
    assert (
        attempt_targets(WORKER, (CPU,)) == attempt_targets(WORKER, ()) == (Target(hardware="cpu", name="celery@lab"),)
    )
