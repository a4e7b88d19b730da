import sys
from types import ModuleType
from typing import Any

import pytest

from dtf.domain.worker import DeviceState
from dtf.execution.probes import nvidia


class NVMLError(Exception):
    """As in pynvml."""


class LibraryNotFoundError(NVMLError):
    """As in pynvml."""


class StandInNvml(ModuleType):
    """A stand-in for pynvml: two devices, of which a broken one can be chosen."""

    NVMLError = NVMLError
    NVMLError_LibraryNotFound = LibraryNotFoundError

    def __init__(self, *, start: Exception | None = None, broken: int | None = None) -> None:
        super().__init__("pynvml")
        self.start, self.broken, self.ended = start, broken, False

    def nvmlInit(self) -> None:  # noqa: N802  # pynvml's name
        if self.start:
            raise self.start

    def nvmlShutdown(self) -> None:  # noqa: N802  # pynvml's name
        self.ended = True

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802  # pynvml's name
        return 2

    def nvmlSystemGetDriverVersion(self) -> str:  # noqa: N802  # pynvml's name
        return "580.1"

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802  # pynvml's name
        return index

    def nvmlDeviceGetName(self, handle: int) -> bytes:  # noqa: N802  # pynvml's name
        return f"Example {handle}".encode()

    def nvmlDeviceGetUUID(self, handle: int) -> str:  # noqa: N802  # pynvml's name
        return f"GPU-{handle}abc"

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:  # noqa: N802  # pynvml's name
        if handle == self.broken:
            raise NVMLError("GPU is lost")
        return type("Memory", (), {"total": 8 * 2**30})

    def nvmlDeviceGetCudaComputeCapability(self, handle: int) -> tuple[int, int]:  # noqa: N802  # pynvml's name
        return 9, handle

    def nvmlDeviceGetPciInfo(self, handle: int) -> Any:  # noqa: N802  # pynvml's name
        return type("Pci", (), {"busId": f"0000:0{handle}:00.0"})


@pytest.fixture
def no_nvidia_smi(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host without nvidia-smi."""
    monkeypatch.setattr("shutil.which", lambda _name: None)


def _install(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> None:
    monkeypatch.setitem(sys.modules, module.__name__, module)


def test_devices_by_nvml(monkeypatch: pytest.MonkeyPatch) -> None:
    """What NVML tells is in the device, and NVML is closed."""
    nvml = StandInNvml()
    _install(monkeypatch, nvml)
    first, second = nvidia.detect()
    assert (first.kind, first.name, first.uuid, first.simulated) == ("cuda", "Example 0", "GPU-0abc", False)
    assert second.details["compute_capability"] == "9.1"
    assert second.details["memory_bytes"] == 8 * 2**30
    assert second.details["driver"] == "580.1"
    assert nvml.ended


def test_a_broken_device_has_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """One device that fails is listed with its reason and hides no other."""
    _install(monkeypatch, StandInNvml(broken=0))
    first, second = nvidia.detect()
    assert first.state is DeviceState.FAILED
    assert "GPU is lost" in first.reason
    assert first.uuid == "GPU-0abc"
    assert second.state is DeviceState.AVAILABLE


def test_a_driver_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that is there and fails is a failed device, not nothing."""
    _install(monkeypatch, StandInNvml(start=NVMLError("driver/library version mismatch")))
    (device,) = nvidia.detect()
    assert device.state is DeviceState.FAILED
    assert "version mismatch" in device.reason


@pytest.mark.usefixtures("no_nvidia_smi")
def test_no_driver_is_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without NVML and nvidia-smi there is nothing, and nothing is raised."""
    _install(monkeypatch, StandInNvml(start=LibraryNotFoundError()))
    assert nvidia.detect() == []


def test_gputil_when_there_is_no_nvml(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without NVML, GPUtil's view of nvidia-smi is taken; its failure is a reason."""
    _install(monkeypatch, StandInNvml(start=LibraryNotFoundError()))
    monkeypatch.setattr("shutil.which", lambda _name: "/usr/bin/nvidia-smi")
    gpu = type("Gpu", (), {"id": 0, "name": "Old", "uuid": "GPU-o", "driver": "470", "memoryTotal": 1024.0})
    gputil = ModuleType("GPUtil")
    gputil.getGPUs = lambda: [gpu]  # type: ignore[attr-defined]  # a stand-in
    _install(monkeypatch, gputil)
    (device,) = nvidia.detect()
    assert (device.name, device.uuid, device.details["memory_bytes"]) == ("Old", "GPU-o", 2**30)

    def fail() -> None:
        raise ValueError("could not convert string to float: 'No devices'")

    gputil.getGPUs = fail  # type: ignore[attr-defined]  # a stand-in
    (device,) = nvidia.detect()
    assert device.state is DeviceState.FAILED
    assert "No devices" in device.reason


@pytest.mark.parametrize(
    ("visible", "uuids"),
    [
        (None, ["GPU-0abc", "GPU-1abc"]),
        ("1", ["GPU-1abc"]),
        ("1,0", ["GPU-1abc", "GPU-0abc"]),
        ("GPU-1", ["GPU-1abc"]),
        ("", []),
        ("-1", []),
        ("0,7,1", ["GPU-0abc"]),
    ],
)
def test_only_what_the_caller_allows(monkeypatch: pytest.MonkeyPatch, visible: str | None, uuids: list[str]) -> None:
    """CUDA_VISIBLE_DEVICES narrows the devices as CUDA itself reads it: up to the first that does not exist."""
    _install(monkeypatch, StandInNvml())
    assert [device.uuid for device in nvidia.detect(visible)] == uuids
