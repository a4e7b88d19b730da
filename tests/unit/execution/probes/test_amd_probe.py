import sys
from pathlib import Path
from types import ModuleType

import pytest

from dtf.domain.worker import DeviceState
from dtf.execution.probes import amd
from tests.stand_ins.kfd import write_rocm_host


def test_without_kfd_there_is_nothing(tmp_path: Path) -> None:
    """A host without the kernel's KFD nodes has no AMD device, and amdsmi is not even imported."""
    files = write_rocm_host(tmp_path / "host")
    (tmp_path / "host" / "nodes").rename(tmp_path / "gone")
    assert not amd.is_there(files)
    assert amd.detect(files) == []
    assert "amdsmi" not in sys.modules


@pytest.fixture
def no_amdsmi(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host without amdsmi."""
    monkeypatch.setitem(sys.modules, "amdsmi", None)


@pytest.mark.usefixtures("no_amdsmi")
def test_devices_by_the_kernel(tmp_path: Path) -> None:
    """The processor's node is none; the GPUs are counted from 0, each with its facts."""
    first, second = amd.detect(write_rocm_host(tmp_path, processes={4711: [51110]}))
    assert (first.kind, first.name, first.uuid) == ("rocm", "AMD aldebaran", "GPU-0123456789abcdef")
    assert first.state is DeviceState.AVAILABLE
    assert first.details == {
        "index": 0, "node": 1, "gpu_id": 51110, "pci": "0000:03:00.0", "memory_bytes": 68702699520, "gfx": "gfx90a",
        "temperature_c": 47, "driver": "6.10.5", "processes": "4711:1048576", "mig": False, "probe": "kfd",
    }  # fmt: skip
    # a consumer card has no unique number: its place is its identity
    assert (second.uuid, second.details["index"], second.details["gfx"]) == ("amd-0000:0b:00.0", 1, "gfx1100")
    assert "processes" not in second.details


@pytest.mark.usefixtures("no_amdsmi")
def test_an_unreadable_node_has_its_reason(tmp_path: Path) -> None:
    """A node that cannot be understood is listed with its reason and hides no other."""
    files = write_rocm_host(tmp_path)
    (files.topology / "2" / "properties").write_text("simd_count what\n")
    first, second = amd.detect(files)
    assert first.state is DeviceState.AVAILABLE
    assert second.state is DeviceState.FAILED
    assert "what" in second.reason


@pytest.mark.usefixtures("no_amdsmi")
def test_what_a_control_group_hides_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that may not be read belongs to somebody else; ROCm does not count it, so the next one has its index."""
    files = write_rocm_host(tmp_path)
    read = Path.read_text

    def guarded(path: Path, *arguments: str, **options: str) -> str:
        if path.parts[-2:] == ("1", "properties"):
            raise PermissionError(1, "Operation not permitted")
        return read(path, *arguments, **options)

    monkeypatch.setattr(Path, "read_text", guarded)
    (device,) = amd.detect(files)
    assert (device.uuid, device.details["index"]) == ("amd-0000:0b:00.0", 0)


@pytest.mark.usefixtures("no_amdsmi")
def test_partitions_of_one_gpu_have_names_of_their_own(tmp_path: Path) -> None:
    """Where several nodes tell the same unique number, none of them is known by it."""
    files = write_rocm_host(tmp_path)
    properties = (files.topology / "1" / "properties").read_text()
    (files.topology / "2" / "properties").write_text(properties)
    assert [device.uuid for device in amd.detect(files)] == ["amd-node-1", "amd-node-2"]


@pytest.mark.usefixtures("no_amdsmi")
def test_without_the_device_file_it_is_of_no_use(tmp_path: Path) -> None:
    """A node whose device file is missing, as in a container without it, is listed as failed."""
    files = write_rocm_host(tmp_path)
    files.kfd.unlink()
    device = amd.detect(files)[0]
    assert device.state is DeviceState.FAILED
    assert str(files.kfd) in device.reason


class StandInSmi(ModuleType):
    """A stand-in for amdsmi, with the answers that its reference shows."""

    class AmdSmiTemperatureType:
        EDGE, HOTSPOT = "edge", "hotspot"

    class AmdSmiTemperatureMetric:
        CURRENT = "current"

    def __init__(self) -> None:
        super().__init__("amdsmi")
        self.ended = False

    def amdsmi_init(self) -> None:
        pass

    def amdsmi_shut_down(self) -> None:
        self.ended = True

    def amdsmi_get_processor_handles(self) -> list[str]:
        return ["bad", "good"]  # not the kernel's order

    def amdsmi_get_gpu_device_bdf(self, handle: str) -> str:
        return {"good": "0000:03:00.0", "bad": "0000:0B:00.0"}[handle]

    def amdsmi_get_gpu_asic_info(self, _handle: str) -> dict[str, str]:
        return {
            "market_name": "Stand-in MI250X",
            "asic_serial": "0x123456789ABCDEF",
            "target_graphics_version": "gfx90a",
        }

    def amdsmi_get_gpu_vram_info(self, handle: str) -> dict[str, int]:
        if handle == "bad":
            raise RuntimeError("AMDSMI_STATUS_BUSY")
        return {"vram_size": 65520}

    def amdsmi_get_gpu_driver_info(self, _handle: str) -> dict[str, str]:
        return {"driver_version": "6.14"}

    def amdsmi_get_temp_metric(self, _handle: str, sensor: str, _metric: str) -> int:
        if sensor == "edge":
            raise RuntimeError("AMDSMI_STATUS_NOT_SUPPORTED")
        return 52


def test_amdsmi_where_it_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Amdsmi adds its facts to the kernel's device of the same number or place; what it cannot read has its reason."""
    smi = StandInSmi()
    monkeypatch.setitem(sys.modules, "amdsmi", smi)
    good, bad = amd.detect(write_rocm_host(tmp_path))
    assert (good.name, good.uuid) == ("Stand-in MI250X", "GPU-0123456789abcdef")
    assert good.details["memory_bytes"] == 65520 * 2**20
    assert (good.details["driver"], good.details["temperature_c"], good.details["probe"]) == ("6.14", 52, "amdsmi")
    assert bad.state is DeviceState.FAILED
    assert "AMDSMI_STATUS_BUSY" in bad.reason
    assert smi.ended


def test_amdsmi_without_rocm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that raises KeyError, as amdsmi's does without ROCm, leaves the kernel's facts."""

    class Broken:
        def find_spec(self, name: str, *_more: object) -> None:
            if name == "amdsmi":
                raise KeyError("ROCM_PATH")

    monkeypatch.delitem(sys.modules, "amdsmi", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    assert [device.details["probe"] for device in amd.detect(write_rocm_host(tmp_path))] == ["kfd", "kfd"]
