from collections.abc import Callable
from pathlib import Path

import pytest

from dtf.domain.worker import Device, DeviceState
from dtf.execution.checks.verdicts import checked, cuda_order
from tests.stand_ins.build import build

_UUID = "GPU-aaaaaaaa-0000-0000-0000-000000000001"
#: Checks a device under a driver that behaves in a given way.
Check = Callable[..., Device]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stand-ins for NVIDIA's driver and for NVML."""
    return build(tmp_path_factory.mktemp("cuda"), "libcuda", "libnvidia_ml")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Where the stand-ins tell each other of contexts."""
    return tmp_path


@pytest.fixture
def check(library: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Asks a device, in a process of its own, for a computation by the stand-in driver."""

    def ask(behaviour: str = "", *, uuid: str = _UUID, limit_s: float = 60, **more: str) -> Device:
        environment = {"LD_LIBRARY_PATH": str(library), "STAND_IN_STATE": str(state), "STAND_IN_CUDA": behaviour}
        for name, value in {**environment, **more}.items():
            monkeypatch.setenv(name, value)
        device = Device(kind="cuda", name="Stand-in", uuid=uuid, details={"index": 0})
        return checked([device], limit_s)[0]

    return ask


def test_a_right_answer_makes_it_available(check: Check) -> None:
    """The computation ran on the device that was meant, and the driver showed this process on it by its own pid."""
    device = check()
    assert (device.state, device.reason) == (DeviceState.AVAILABLE, "")
    assert device.details == {"index": 0, "check": "passed", "processes_seen": True}


def test_a_mig_instance_is_checked_by_itself(check: Check) -> None:
    """An instance is pinned, and seen, by its own name."""
    device = check(uuid="MIG-11111111-0000-0000-0000-00000000000a", STAND_IN_HOST="mig")
    assert (device.state, device.details["processes_seen"]) == (DeviceState.AVAILABLE, True)


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("wrong", "computes wrongly: 1 of 1024 values, value 700"),
        ("absent", "cuInit failed: CUDA_ERROR_NO_DEVICE (100)"),
        ("ecc", "cuDevicePrimaryCtxRetain failed: CUDA_ERROR_ECC_UNCORRECTABLE (214)"),
        ("launch", "cuCtxSynchronize failed: CUDA_ERROR_LAUNCH_FAILED (719)"),
        ("another", "another device in its place: ffffffff-0000-0000-0000-000000000009"),
        ("crashes", "SIGABRT"),
    ],
)
def test_anything_else_is_its_reason(check: Check, behaviour: str, words: str) -> None:
    """A device that errs, fails, crashes or is another one is listed with what happened."""
    device = check(behaviour)
    assert device.state is DeviceState.FAILED
    assert words in device.reason
    assert device.details["check"] == "failed"


def test_a_driver_that_hangs_is_left(check: Check) -> None:
    """The question is given up after its time, and the process that asked is killed."""
    device = check("hangs", limit_s=1)
    assert device.state is DeviceState.FAILED
    assert "within 1 s and was killed" in device.reason


def test_without_a_driver_it_is_of_no_use(check: Check) -> None:
    """A container that has NVML and not the driver cannot compute, and says what is missing."""
    device = check(LD_LIBRARY_PATH="")
    assert device.state is DeviceState.FAILED
    assert "libcuda.so.1" in device.reason


def test_in_a_container_processes_are_not_seen(check: Check, state: Path) -> None:
    """Where the driver tells the host's pids the check finds itself under none, and proof is impossible."""
    assert check(STAND_IN_PID_SHIFT="100000").details["processes_seen"] is False
    assert not list(state.glob("GPU-*"))


def test_cuda_tells_its_own_order(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    """The UUIDs come as CUDA counts its devices, fastest first by its own judgement."""
    check()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert cuda_order() == ["aabbbbbb-0000-0000-0000-000000000002", "aaaaaaaa-0000-0000-0000-000000000001"]


def test_failed_and_simulated_devices_are_not_asked(check: Check) -> None:
    """What is failed already keeps its reason, and what is simulated says that it was not checked."""
    check("crashes")
    failed = Device(kind="cuda", name="x", uuid=_UUID, state=DeviceState.FAILED, reason="GPU is lost")
    simulated = Device(kind="cuda", name="x", uuid="simulated-cuda-0", simulated=True)
    assert checked([failed]) == [failed]
    assert checked([simulated])[0].details["check"] == "not checked"
    assert checked([simulated])[0].state is DeviceState.AVAILABLE
