import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from dtf.domain.codec import from_json
from dtf.domain.worker import Device, DeviceState
from dtf.execution.apart import ask_apart
from dtf.execution.probes.visible import allowed_nvidia
from tests.stand_ins.build import build

#: What the real nvidia-ml-py makes of a stand-in for its library on a given host.
Probe = Callable[..., list[Device]]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stand-in for NVML."""
    return build(tmp_path_factory.mktemp("nvml"), "libnvidia_ml")


@pytest.fixture
def probe(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Probe:
    """Asks the probe, in a process of its own, about a stand-in host."""

    def ask(host: str, **more: str) -> list[Device]:
        for name, value in {"LD_LIBRARY_PATH": str(library), "STAND_IN_HOST": host, **more}.items():
            monkeypatch.setenv(name, value)
        answer = ask_apart("dtf.execution.probes", "nvidia", limit_s=60)
        assert answer.reason == ""
        return [from_json(Device, data) for data in json.loads(answer.text)]

    monkeypatch.setenv("STAND_IN_STATE", str(tmp_path))
    return ask


def test_two_gpus(probe: Probe, tmp_path: Path) -> None:
    """What NVML tells is in the devices, the processes on each of them too."""
    (tmp_path / "GPU-aabbbbbb-0000-0000-0000-000000000002.4711").touch()
    first, second = probe("two")
    assert (first.kind, first.name, first.simulated) == ("cuda", "Stand-in H100", False)
    assert first.uuid == "GPU-aaaaaaaa-0000-0000-0000-000000000001"
    assert first.state is DeviceState.AVAILABLE
    assert first.details == {
        "index": 0, "driver": "580.00", "memory_bytes": 80 * 2**30, "compute_capability": "9.0",
        "pci": "00000000:01:00.0", "temperature_c": 41, "mig": False, "probe": "nvml",
    }  # fmt: skip
    assert second.details["processes"] == "4711:512000000"


def test_mig_instances_are_devices(probe: Probe) -> None:
    """Each instance is a device with memory of its own; a GPU in MIG mode without one is of no use."""
    first, second, empty = probe("mig")
    assert (first.uuid, second.uuid) == (
        "MIG-11111111-0000-0000-0000-00000000000a",
        "MIG-11111111-0000-0000-0000-00000000000b",
    )
    assert (first.details["mig"], first.details["parent"]) == (True, "GPU-11111111-0000-0000-0000-000000000000")
    assert (first.details["memory_bytes"], second.details["memory_bytes"]) == (4864 * 2**20, 9856 * 2**20)
    assert (first.details["gpu_instance"], first.details["index"]) == (7, 0)
    assert (empty.state, empty.uuid) == (DeviceState.FAILED, "GPU-22222222-0000-0000-0000-000000000000")
    assert "no instance" in empty.reason


def test_a_driver_that_answers_errors(probe: Probe) -> None:
    """A lost GPU and one that must be reset are listed with their reasons and hide no other."""
    lost, ill, well = probe("errors")
    assert (lost.state, ill.state, well.state) == (DeviceState.FAILED, DeviceState.FAILED, DeviceState.AVAILABLE)
    assert "GPU is lost" in lost.reason
    assert "a reset of the GPU" in ill.reason


@pytest.mark.parametrize(
    ("host", "words"), [("mismatch", "version mismatch"), ("unloaded", "Not Loaded"), ("uncounted", "Unknown Error")]
)
def test_a_driver_that_does_not_start(probe: Probe, host: str, words: str) -> None:
    """A driver that is there and fails is a failed device, not nothing."""
    (device,) = probe(host)
    assert device.state is DeviceState.FAILED
    assert words in device.reason


def test_without_a_driver_there_is_nothing(probe: Probe, tmp_path: Path) -> None:
    """Without NVML and nvidia-smi there is nothing, and nothing is raised."""
    assert probe("two", LD_LIBRARY_PATH="", PATH=str(tmp_path)) == []


_SMI = """#!{python}
import sys
assert sys.argv[1].startswith("--query-gpu=index,uuid,"), sys.argv
print({answer!r}, end="")
sys.exit({status})
"""


def _stand_in_smi(directory: Path, answer: str, status: int = 0) -> Mapping[str, str]:
    """A stand-in for nvidia-smi, and the environment in which there is it and no NVML."""
    program = directory / "nvidia-smi"
    program.write_text(_SMI.format(python=sys.executable, answer=answer, status=status))
    program.chmod(0o755)
    return {"LD_LIBRARY_PATH": "", "PATH": f"{directory}{os.pathsep}{os.environ['PATH']}"}


def test_gputil_when_there_is_no_nvml(probe: Probe, tmp_path: Path) -> None:
    """Without NVML, GPUtil's view of nvidia-smi is taken; what nvidia-smi does not know is left out."""
    line = "{0}, GPU-{0}, 0, {1}, 1, 2, 470.1, Stand-in K{0}, 123, Disabled, Disabled, {2}\n"
    known, unknown = line.format(0, 11441, 38), line.format(1, "[N/A]", "[N/A]")
    first, second = probe("two", **_stand_in_smi(tmp_path, known + unknown))
    assert (first.name, first.uuid, first.state) == ("Stand-in K0", "GPU-0", DeviceState.AVAILABLE)
    assert first.details == {
        "index": 0, "driver": "470.1", "memory_bytes": 11441 * 2**20, "temperature_c": 38, "probe": "gputil",
    }  # fmt: skip
    assert second.details == {"index": 1, "driver": "470.1", "probe": "gputil"}


def test_an_nvidia_smi_that_fails_is_a_reason(probe: Probe, tmp_path: Path) -> None:
    """What nvidia-smi prints when it cannot reach the driver is a failed device."""
    told = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n"
    (device,) = probe("two", **_stand_in_smi(tmp_path, told, status=9))
    assert device.state is DeviceState.FAILED
    assert "GPUtil" in device.reason


def _gpu(uuid: str, index: int, **details: Any) -> Device:
    return Device(kind="cuda", name="Stand-in", uuid=uuid, details={"index": index, **details})


_ONE, _TWO = _gpu("GPU-aaaaaaaa-1", 0), _gpu("GPU-aabbbbbb-2", 1)
_PARENT = "GPU-cccccccc-3"
_MIG_A = _gpu("MIG-dddddddd-4", 2, parent=_PARENT, gpu_instance=7, compute_instance=0)
_MIG_B = _gpu("MIG-eeeeeeee-5", 2, parent=_PARENT, gpu_instance=3, compute_instance=0)
_ALL = [_ONE, _TWO, _MIG_A, _MIG_B]


@pytest.mark.parametrize(
    ("visible", "left"),
    [
        (None, _ALL),
        ("", []),
        ("-1", []),
        ("1", [_TWO]),
        (" 1 , 0 ", [_TWO, _ONE]),
        ("0,7,1", [_ONE]),
        ("0,-1,1", [_ONE]),
        ("1,1", [_TWO]),
        ("GPU-aabb", [_TWO]),
        ("GPU-aa", []),
        ("NoDevFiles", []),
        ("2", [_MIG_A, _MIG_B]),
        ("GPU-cccc,0", [_MIG_A, _MIG_B, _ONE]),
        ("MIG-eeeeeeee-5", [_MIG_B]),
        ("MIG-GPU-cccccccc-3/7/0", [_MIG_A]),
        ("MIG-GPU-cccccccc-3/9/0", []),
    ],
)
def test_only_what_the_caller_allows(visible: str | None, left: list[Device]) -> None:
    """CUDA_VISIBLE_DEVICES narrows the devices as CUDA itself reads it: up to the first word that fits none."""
    assert allowed_nvidia(_ALL, visible) == left


def test_indexes_count_in_cudas_order() -> None:
    """Where CUDA counts otherwise than NVML, an index means CUDA's device."""
    assert allowed_nvidia(_ALL, "0", order=["aabbbbbb-2", "cccccccc-3", "aaaaaaaa-1"]) == [_TWO]
    assert allowed_nvidia(_ALL, "1", order=["aabbbbbb-2", "cccccccc-3", "aaaaaaaa-1"]) == [_MIG_A, _MIG_B]
    assert allowed_nvidia(_ALL, "3", order=["aabbbbbb-2", "cccccccc-3", "aaaaaaaa-1"]) == []


def test_a_driver_that_fails_is_told_unless_nothing_is_allowed() -> None:
    """What has no index cannot be left out by one; whoever allows no device hears of none."""
    broken = Device(kind="cuda", name="NVIDIA", uuid="nvidia-driver", state=DeviceState.FAILED, reason="on fire")
    assert allowed_nvidia([broken], "0") == [broken]
    assert allowed_nvidia([broken], "") == allowed_nvidia([broken], "-1") == []
