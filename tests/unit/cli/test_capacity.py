from pathlib import Path

import pytest

from dtf.cli.running.capacity import impossible, lacking, likely_browsers, this_machine
from dtf.domain.worker import Device, DeviceState
from dtf.execution.detect import simulated_devices
from dtf.settings import Settings, load_settings

CPU = Device(kind="cpu", name="CPU", uuid="host", details={"cores": 2})
FIREFOX = Device(kind="webgpu", name="Firefox", uuid="webgpu-firefox-h", details={"browser": "firefox"})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of an embedded cluster with two simulated GPUs and a tag."""
    return load_settings(
        environ={
            "DTF_STATE_DIR": str(tmp_path / "state"),
            "DTF_SIMULATE_DEVICES": "cuda:2",
            "DTF_WORKER_TAGS": "transformers,openvino",
        }
    )


@pytest.mark.parametrize(
    ("queue", "told"),
    [
        ("cuda", ""),
        ("gpu", ""),
        ("openvino", ""),
        ("cuda[devices=2]", ""),
        ("cuda[simulated;transformers]", ""),
        ("webgpu[browser=firefox]", ""),
        ("cpu[transformers]", ""),
        ("rocm", "no capacity: this machine has no rocm device, and no worker of the embedded cluster serves rocm"),
        ("rocm[webnn]", "no capacity: this machine has no rocm device, and no worker of the embedded cluster serves"),
        (
            "cuda[vram_gb>=1]",
            (
                "no capacity: no worker satisfies vram_gb>=1: no cuda device here tells its vram_gb (this machine,"
                " simulated-cuda-0; this machine, simulated-cuda-1)"
            ),
        ),
        ("cuda[devices=3]", "no worker has 3 cuda devices for one job: those that would do here are 2 (this machine)"),
        ("cpu[devices=2]", "no worker has 2 cpu devices for one job: those that would do here are 1 (this machine)"),
        ("webgpu[browser=chromium]", "webgpu devices here have firefox (this machine, webgpu-firefox-h)"),
        ("cuda[tensorrt]", "the tags here are transformers, openvino (this machine)"),
    ],
)
def test_what_this_machine_can_serve(queue: str, told: str, settings: Settings) -> None:
    """What a device here satisfies is let through; anything else says what is missing, and what there is."""
    here = this_machine((CPU, FIREFOX, *simulated_devices("cuda:2")), settings)
    found = lacking([queue], [here])
    assert told in found if told else found == ""


def test_a_failed_device_serves_nothing(settings: Settings) -> None:
    """It is no capacity, and why is told."""
    failed = Device(kind="cuda", name="H200", uuid="GPU-1", state=DeviceState.FAILED, reason="wrong answer")
    told = lacking(["cuda", "cuda[vram_gb>=1]", "rocm"], [this_machine((CPU, failed), settings)])
    assert "this machine has no rocm device" in told
    assert "; no worker has a cuda device that can be used: H200 failed (wrong answer)" in told
    assert told.count("H200") == 1


def test_several_queues_are_told_together(settings: Settings) -> None:
    """Each reason once."""
    here = this_machine((CPU, *simulated_devices("cuda:1")), settings)
    told = lacking(["rocm", "webgpu[webnn]", "cuda[webnn]", "cpu"], [here])
    assert told.count("this machine has no rocm, webgpu device") == 1
    assert "; no worker satisfies webnn" in told


def test_the_ledger_is_asked_for_workers_that_are_there(settings: Settings) -> None:
    """Without any, what this machine has counts."""
    assert impossible(["cpu"], settings) == ""
    assert impossible(["cuda[devices=2]", "cuda"], settings) == ""
    assert "vram_gb" in impossible(["cuda[vram_gb>=1]"], settings)


@pytest.mark.parametrize(
    ("queues", "names"),
    [
        (["webgpu"], []),
        (["webgpu[browser=firefox]", "webgpu[browser!=chromium;software]"], ["firefox"]),
        (["webnn"], ["sparticuz"]),
        (["webgpu[browser=custom;webnn]"], ["custom", "sparticuz"]),
    ],
)
def test_which_browsers_are_asked_first(queues: list[str], names: list[str]) -> None:
    """Those that requirements name, and for WebNN the one that has it."""
    assert sorted(likely_browsers(queues)) == names
