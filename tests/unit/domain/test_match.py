import pytest

from dtf.domain.match import capacity, facts_of, satisfies, slots_for
from dtf.domain.requirement import parse_requirement
from dtf.domain.slot import Slot
from dtf.domain.worker import Device, DeviceState, WorkerInfo


def gpu(number: int, gigabytes: float = 24, state: DeviceState = DeviceState.AVAILABLE) -> Device:
    """A device as NVML tells of it."""
    details: dict[str, str | int | float | bool] = {
        "memory_bytes": int(gigabytes * 1e9),
        "compute_capability": "9.0",
        "mig": False,
    }
    return Device(kind="cuda", name="NVIDIA Test 24", uuid=f"GPU-{number}", state=state, details=details)


def worker(*devices: Device, tags: tuple[str, ...] = (), table: tuple[Slot, ...] = ()) -> WorkerInfo:
    """A worker with a slot for each device, unless it is told otherwise."""
    own = table or tuple(
        Slot(number=number, tags=("cuda", "gpu"), devices=(device.uuid,)) for number, device in enumerate(devices)
    )
    return WorkerInfo(
        worker_id="w1",
        name="w1",
        host="lab",
        fingerprint="f",
        pid=1,
        queues=("cuda", "gpu"),
        slots=len(own),
        tags=tags,
        devices=devices,
        memory_bytes=64 * 10**9,
        cpu_count=16,
        slot_table=own,
    )


@pytest.mark.parametrize(
    ("text", "is_fulfilled"),
    [
        ("vram_gb>=24", True),
        ("vram_gb>24", False),
        ("vram_gb=24.0", True),
        ("vram_gb!=24", False),
        ("cores>=16", True),
        ("memory_gb<64", False),
        ("compute_capability>=8.6", True),
        ("compute_capability>=10", False),
        ("mig", False),
        ("cuda", True),
        ("rocm", False),
        ("mig=no", True),
        ("device=nvidiatest24", True),
        ("uuid=gpu-0", True),
        ("host=lab", True),
        ("transformers", True),
        ("Transformers", True),
        ("tensorrt", False),
        ("nothing>=0", False),
        ("nothing!=1", False),
        ("device>=1", False),
    ],
)
def test_what_a_device_fulfils(text: str, is_fulfilled: bool) -> None:
    """Numbers are ordered, words compared without capitals, tags and properties had; what is not known is not."""
    info = worker(gpu(0), tags=("Transformers",))
    assert satisfies(parse_requirement(text), facts_of(info, info.devices[0]), info.tags) is is_fulfilled


def test_slots_of_devices_that_fulfil() -> None:
    """Only slots of available devices that fulfil all requirements; for each kind of queue."""
    info = worker(gpu(0, 16), gpu(1, 24), gpu(2, 48, DeviceState.FAILED))
    assert [slot.number for slot in slots_for(info, "cuda[vram_gb>=20]")] == [1]
    assert [slot.number for slot in slots_for(info, "gpu")] == [0, 1]
    assert slots_for(info, "cuda[uuid=gpu-0;vram_gb>=20]") == ()
    assert slots_for(info, "webgpu") == ()
    assert slots_for(info, "cuda[") == ()


def test_capacity_counts_devices() -> None:
    """A job of two devices fits as often as there are two; shares of one device are one device."""
    info = worker(*(gpu(number) for number in range(5)))
    assert (capacity(info, "cuda"), capacity(info, "cuda[devices=2]"), capacity(info, "cuda[devices=6]")) == (5, 2, 0)
    shares = tuple(Slot(number=n, tags=("cuda",), devices=("GPU-0",), memory_bytes=8 * 10**9) for n in range(3))
    shared = worker(gpu(0), table=shares)
    assert (capacity(shared, "cuda"), capacity(shared, "cuda[devices=2]")) == (3, 0)
    assert capacity(shared, "cuda[vram_gb>=10]") == 0


def test_a_worker_that_tells_no_slots() -> None:
    """An older worker's slots each run whatever it consumes, on the host."""
    old = WorkerInfo(
        worker_id="w", name="w", host="h", fingerprint="f", pid=1, queues=("cpu",), slots=2, tags=("fast",)
    )
    assert (capacity(old, "cpu"), capacity(old, "cpu[fast]"), capacity(old, "cuda")) == (2, 2, 0)
