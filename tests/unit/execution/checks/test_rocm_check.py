from collections.abc import Callable
from pathlib import Path

import pytest

from dtf.domain.worker import Device, DeviceState
from dtf.execution.checks.verdicts import checked
from tests.stand_ins.build import build

Check = Callable[..., Device]


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stand-ins for HIP: ``with`` its compiler, and ``without``."""
    root = tmp_path_factory.mktemp("hip")
    build(root / "with", "libamdhip64")
    build(root / "without", "libamdhip64", flags=["-DWITHOUT_COMPILER"])
    return root


@pytest.fixture
def check(libraries: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Asks a device, in a process of its own, for a computation by the stand-in HIP."""

    def ask(behaviour: str = "", *, compiler: str = "with", limit_s: float = 60, **more: str) -> Device:
        environment = {"LD_LIBRARY_PATH": str(libraries / compiler), "STAND_IN_HIP": behaviour}
        for name, value in {**environment, **more}.items():
            monkeypatch.setenv(name, value)
        details: dict[str, str | int] = {"index": 0, "pci": "0000:03:00.0", "gpu_id": 51110}
        device = Device(kind="rocm", name="Stand-in", uuid="GPU-0123456789abcdef", details=details)
        return checked([device], limit_s)[0]

    return ask


def test_a_right_answer_makes_it_available(check: Check) -> None:
    """A compiled kernel ran; what the caller's HIP_VISIBLE_DEVICES says of indexes does not hide the device."""
    device = check(HIP_VISIBLE_DEVICES="3", CUDA_VISIBLE_DEVICES="GPU-of-another-vendor")
    assert (device.state, device.reason) == (DeviceState.AVAILABLE, "")
    assert (device.details["check"], device.details["kernel"]) == ("passed", True)
    # no kernel of AMD's on this host shows any process
    assert device.details["processes_seen"] is False


def test_without_a_compiler_it_fills_and_copies(check: Check) -> None:
    """A host without hiprtc has the device move numbers, and says that no kernel ran."""
    device = check(compiler="without")
    assert (device.state, device.details["kernel"]) == (DeviceState.AVAILABLE, False)


@pytest.mark.parametrize(
    ("behaviour", "compiler", "words"),
    [
        ("wrong", "with", "computes wrongly: 1 of 1024 values, value 3"),
        ("wrong", "without", "computes wrongly: 1 of 1024 values, value 5"),
        ("absent", "with", "hipInit failed: hipErrorNoDevice (100)"),
        ("launch", "with", "hipDeviceSynchronize failed"),
        ("uncompiled", "with", "hiprtcCompileProgram failed"),
        ("another", "with", "another device in its place: 0000:99:00.0"),
        ("crashes", "with", "SIGABRT"),
    ],
)
def test_anything_else_is_its_reason(check: Check, behaviour: str, compiler: str, words: str) -> None:
    """A device that errs, fails, crashes or is another one is listed with what happened."""
    device = check(behaviour, compiler=compiler)
    assert device.state is DeviceState.FAILED
    assert words in device.reason


def test_a_runtime_that_hangs_is_left(check: Check) -> None:
    """The question is given up after its time, and the process that asked is killed."""
    assert "within 1 s and was killed" in check("hangs", limit_s=1).reason


def test_without_rocm_it_is_of_no_use(check: Check) -> None:
    """The kernel's driver alone does not compute; the reason names the library."""
    device = check(LD_LIBRARY_PATH="")
    assert device.state is DeviceState.FAILED
    assert "libamdhip64.so" in device.reason
