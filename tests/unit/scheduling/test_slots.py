import pytest

from dtf.domain.slot import Slot
from dtf.domain.worker import Device, DeviceState
from dtf.scheduling.slots import slot_table

CPU = Device(kind="cpu", name="cpu", uuid="host")
ALL = ("cpu", "cuda", "rocm", "gpu", "webgpu", "webnn")


def gpu(number: int, kind: str = "cuda", gigabytes: int = 24, *, failed: bool = False) -> Device:
    """A device with a memory."""
    state = DeviceState.FAILED if failed else DeviceState.AVAILABLE
    details: dict[str, str | int | float | bool] = {"memory_bytes": gigabytes * 10**9}
    return Device(kind=kind, name=kind, uuid=f"{kind}-{number}", state=state, details=details)


def browser(kind: str, name: str, *, failed: bool = False) -> Device:
    """What a browser offers."""
    state = DeviceState.FAILED if failed else DeviceState.AVAILABLE
    return Device(kind=kind, name=name, uuid=f"{kind}-{name}", state=state)


def shape(slots: tuple[Slot, ...]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Tags and devices, in order; the numbers must be their places."""
    assert [slot.number for slot in slots] == list(range(len(slots)))
    return [(slot.tags, slot.devices) for slot in slots]


def test_each_kind_has_its_slots() -> None:
    """A slot for each core, one for each available GPU, and one for all browsers of the host."""
    devices = [CPU, gpu(0), gpu(1, failed=True), gpu(0, "rocm"), browser("webgpu", "a"), browser("webgpu", "b")]
    devices += [browser("webnn", "b"), browser("webgpu", "c", failed=True)]
    assert shape(slot_table(devices, queues=ALL, cores=2)) == [
        (("cpu",), ("host",)),
        (("cpu",), ("host",)),
        (("cuda", "gpu"), ("cuda-0",)),
        (("rocm", "gpu"), ("rocm-0",)),
        (("webgpu", "webnn"), ("webgpu-a", "webgpu-b", "webnn-b")),
    ]


def test_only_what_is_consumed() -> None:
    """A slot takes the tags whose queues the worker consumes; a requirement queue counts for its tag."""
    devices = [CPU, gpu(0), gpu(0, "rocm"), browser("webgpu", "a"), browser("webnn", "a")]
    assert shape(slot_table(devices, queues=("gpu",), cores=4)) == [(("gpu",), ("cuda-0",)), (("gpu",), ("rocm-0",))]
    assert shape(slot_table(devices, queues=("cuda[vram_gb>=24]",), cores=4)) == [(("cuda",), ("cuda-0",))]
    assert shape(slot_table(devices, queues=("webgpu",), cores=4)) == [(("webgpu",), ("webgpu-a", "webnn-a"))]
    assert slot_table(devices, queues=("mps",), cores=4) == ()


def test_shares_of_a_device() -> None:
    """A device's memory is divided into shares, the first share of every device ahead; a small device is one slot."""
    slots = slot_table([gpu(0), gpu(1, gigabytes=16)], queues=("cuda",), cores=4, share_bytes=8 * 10**9)
    assert [slot.devices[0] for slot in slots] == ["cuda-0", "cuda-1", "cuda-0", "cuda-1", "cuda-0"]
    assert {slot.memory_bytes for slot in slots} == {8 * 10**9}
    (whole,) = slot_table([gpu(0)], queues=("cuda",), cores=4, share_bytes=30 * 10**9)
    assert whole.memory_bytes == 0


@pytest.mark.parametrize(
    ("queues", "concurrency", "counts"),
    [
        (("cpu",), 3, (3, 0, 0)),
        (("cuda",), 1, (0, 1, 0)),
        (("cuda",), 5, (0, 2, 0)),
        (("webgpu",), 4, (0, 0, 4)),
        (("cpu", "cuda", "webgpu"), 3, (3, 2, 1)),
        (("cuda", "webgpu"), 1, (0, 1, 1)),
        (("cuda", "webgpu"), 0, (0, 2, 1)),
    ],
)
def test_a_number_that_is_asked_for(queues: tuple[str, ...], concurrency: int, counts: tuple[int, ...]) -> None:
    """It is that of the CPU's slots; a device gets no second one by it; browsers alone get as many as asked for."""
    devices = [CPU, gpu(0), gpu(1), browser("webgpu", "a")]
    slots = slot_table(devices, queues=queues, cores=8, concurrency=concurrency)
    assert tuple(sum(tag in slot.tags for slot in slots) for tag in ("cpu", "cuda", "webgpu")) == counts


def test_declared_tags_are_the_cpus() -> None:
    """The CPU's slots take what only a worker can declare, unless a device of that kind has slots of its own."""
    slots = slot_table([CPU], queues=("cpu", "openvino"), cores=1, tags=("openvino", "transformers", "qualcomm"))
    assert shape(slots) == [(("cpu", "openvino"), ("host",))]
    devices = [CPU, gpu(0, "openvino")]
    slots = slot_table(devices, queues=("cpu", "openvino"), cores=1, tags=("openvino",))
    assert shape(slots) == [(("cpu",), ("host",)), (("openvino",), ("openvino-0",))]
