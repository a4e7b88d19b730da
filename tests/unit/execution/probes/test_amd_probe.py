import sys
from pathlib import Path
from types import ModuleType

import pytest

from dtf.domain.worker import DeviceState
from dtf.execution.probes import amd


def write_stand_in_sysfs(root: Path) -> None:
    """A stand-in for the kernel's KFD nodes of a host with one CPU and two accelerators, the second unreadable."""
    nodes = {
        "0": ("cpu_cores_count 16\nsimd_count 0\n", ""),
        "1": (
            "cpu_cores_count 0\nsimd_count 416\ngfx_target_version 90010\nunique_id 81985529216486895\n",
            "aldebaran",
        ),
        "2": ("simd_count what\n", "broken"),
    }
    for number, (properties, name) in nodes.items():
        bank = root / number / "mem_banks" / "0"
        bank.mkdir(parents=True)
        (bank / "properties").write_text("heap_type 1\nsize_in_bytes 68702699520\n")
        (root / number / "properties").write_text(properties)
        (root / number / "name").write_text(name + "\n")


def test_without_kfd_there_is_nothing(tmp_path: Path) -> None:
    """A host without the kernel's KFD nodes has no AMD device, and amdsmi is not even imported."""
    assert amd.detect(tmp_path / "none") == []
    assert "amdsmi" not in sys.modules


@pytest.fixture
def no_amdsmi(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host without amdsmi."""
    monkeypatch.setitem(sys.modules, "amdsmi", None)


@pytest.mark.usefixtures("no_amdsmi")
def test_devices_by_the_kernel(tmp_path: Path) -> None:
    """The kernel's nodes give name, architecture, memory and identity; an unreadable one is listed with its reason."""
    write_stand_in_sysfs(tmp_path)
    good, bad = amd.detect(tmp_path, kfd=tmp_path)
    assert (good.kind, good.name, good.uuid) == ("rocm", "AMD aldebaran", "GPU-0123456789abcdef")
    assert good.details["gfx"] == "gfx90a"
    assert good.details["memory_bytes"] == 68702699520
    assert good.state is DeviceState.AVAILABLE
    assert bad.state is DeviceState.FAILED
    assert "what" in bad.reason


@pytest.mark.usefixtures("no_amdsmi")
def test_without_the_device_file_it_is_of_no_use(tmp_path: Path) -> None:
    """A node whose device file is missing, as in a container without it, is listed as failed."""
    write_stand_in_sysfs(tmp_path)
    device = amd.detect(tmp_path, kfd=tmp_path / "kfd")[0]
    assert device.state is DeviceState.FAILED
    assert str(tmp_path / "kfd") in device.reason


def test_amdsmi_where_it_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Amdsmi's view is taken where it can be had; a device that it cannot read has its reason."""
    write_stand_in_sysfs(tmp_path)
    smi = ModuleType("amdsmi")

    def vram(handle: str) -> dict[str, int]:
        if handle == "bad":
            raise RuntimeError("AMDSMI_STATUS_BUSY")
        return {"vram_size": 1024}

    smi.__dict__.update(
        amdsmi_init=lambda: None,
        amdsmi_shut_down=lambda: None,
        amdsmi_get_processor_handles=lambda: ["good", "bad"],
        amdsmi_get_gpu_asic_info=lambda _h: {"market_name": "Example", "target_graphics_version": "gfx942"},
        amdsmi_get_gpu_device_uuid=lambda h: f"uuid-{h}",
        amdsmi_get_gpu_vram_info=vram,
    )
    monkeypatch.setitem(sys.modules, "amdsmi", smi)
    good, bad = amd.detect(tmp_path, kfd=tmp_path)
    assert (good.uuid, good.details["memory_bytes"], good.details["gfx"]) == ("uuid-good", 2**30, "gfx942")
    assert bad.state is DeviceState.FAILED
    assert "AMDSMI_STATUS_BUSY" in bad.reason
