"""``dtf worker --detect-only``: what a machine has, stand-ins for drivers and real browsers included."""

import importlib.util
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.harness.place import DTF, Done, Place
from tests.stand_ins.build import build

_TWO = ["GPU-aaaaaaaa-0000-0000-0000-000000000001", "GPU-aabbbbbb-0000-0000-0000-000000000002"]


#: What hides the GPUs of the machine that runs these tests.
_HIDDEN = {"LD_LIBRARY_PATH": "", "CUDA_VISIBLE_DEVICES": "", "ROCR_VISIBLE_DEVICES": ""}


def run(place: Place, *arguments: str, **environment: str) -> Done:
    """The command, to its end."""
    return place.start(DTF, "worker", "--detect-only", *arguments, extra=environment).wait(120)


def detect(place: Place, *more: str, **environment: str) -> dict[str, Any]:
    """What the command answers with --json; nothing else is printed."""
    done = run(place, "--json", *more, **environment)
    assert (done.status, done.err) == (0, "")
    answer: dict[str, Any] = done.answer
    return answer


def of_kind(answer: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The devices of a kind."""
    return [device for device in answer["devices"] if device["kind"] == kind]


@pytest.fixture
def drivers(tmp_path: Path) -> dict[str, str]:
    """Stand-ins for NVIDIA's driver and NVML, by the environment in which they are found."""
    state = tmp_path / "contexts"
    state.mkdir()
    library = build(tmp_path / "drivers", "libcuda", "libnvidia_ml")
    return {"LD_LIBRARY_PATH": str(library), "STAND_IN_STATE": str(state)}


def test_a_machine_without_gpu(place: Place) -> None:
    """It has a CPU that computes rightly, and nothing is made up; the fingerprint is the same each time."""
    first = detect(place, "-Q", "cpu", **_HIDDEN)
    (cpu,) = first["devices"]
    assert (cpu["kind"], cpu["state"], cpu["details"]["check"]) == ("cpu", "available", "passed")
    assert cpu["uuid"] == first["fingerprint"]
    assert first["queues"] == ["cpu"]
    assert detect(place, "-Q", "cpu", **_HIDDEN) == first
    told = run(place, "-Q", "cpu").out
    assert f"{cpu['name']}: available" in told
    assert f"{cpu['details']['memory_bytes'] / 1e9:.1f} GB" in told


def test_simulated_devices_are_marked(place: Place) -> None:
    """What exists by declaration says so, in JSON and for people, and was not checked."""
    environment = {"DTF_SIMULATE_DEVICES": "cuda:4"}
    found = of_kind(detect(place, "-Q", "cuda", **environment), "cuda")
    assert [device["uuid"] for device in found] == [f"simulated-cuda-{index}" for index in range(4)]
    assert all(device["simulated"] and device["details"]["check"] == "not checked" for device in found)
    told = run(place, "-Q", "cuda", **environment).out
    assert told.count("simulated cuda (simulated): available") == 4


def test_two_gpus_of_which_one_is_allowed(place: Place, drivers: dict[str, str]) -> None:
    """Both have computed rightly; CUDA_VISIBLE_DEVICES leaves what CUDA itself would leave, in its own order."""
    found = of_kind(detect(place, "-Q", "cuda", **drivers), "cuda")
    assert [device["uuid"] for device in found] == _TWO
    assert all(device["state"] == "available" and device["details"]["check"] == "passed" for device in found)
    assert all(device["details"]["processes_seen"] for device in found)
    told = run(place, "-Q", "cuda", **drivers).out
    assert "85.9 GB, capability 9.0, driver 580.00, 41 °C, found by nvml" in told
    # the stand-in counts its second device first, as CUDA does with the faster one
    for order, left in (("", _TWO[1]), ("PCI_BUS_ID", _TWO[0])):
        given = {"CUDA_VISIBLE_DEVICES": "0", "CUDA_DEVICE_ORDER": order}
        found = of_kind(detect(place, "-Q", "cuda", **drivers, **given), "cuda")
        assert [device["uuid"] for device in found] == [left]
    assert of_kind(detect(place, "-Q", "cuda", **drivers, CUDA_VISIBLE_DEVICES=""), "cuda") == []


def test_mig_instances(place: Place, drivers: dict[str, str]) -> None:
    """Each instance is a device that was checked by itself."""
    found = of_kind(detect(place, "-Q", "cuda", STAND_IN_HOST="mig", **drivers), "cuda")
    assert [(device["uuid"][:3], device["state"]) for device in found] == [
        ("MIG", "available"),
        ("MIG", "available"),
        ("GPU", "failed"),
    ]


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"STAND_IN_HOST": "errors"}, "GPU is lost"),
        ({"STAND_IN_HOST": "mismatch"}, "version mismatch"),
        ({"STAND_IN_HOST": "crashes"}, "SIGABRT"),
        ({"STAND_IN_CUDA": "wrong"}, "computes wrongly"),
        ({"STAND_IN_CUDA": "crashes"}, "SIGABRT"),
    ],
)
def test_a_driver_that_fails(place: Place, drivers: dict[str, str], environment: dict[str, str], reason: str) -> None:
    """Whatever the driver does the command answers, and the failed device has its reason."""
    told = run(place, "-Q", "cuda", **drivers, **environment)
    assert told.status == 0
    assert any("failed" in line and reason in line for line in told.out.splitlines()), told.out


def test_a_real_browser(place: Place) -> None:
    """Chromium is asked for a real adapter and computes; without a GPU it is software, and marked so."""
    if shutil.which("chromium") is None or importlib.util.find_spec("playwright") is None:
        missing = "this needs Chromium and Playwright"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    answer = detect(place, "-Q", "webgpu", DTF_WEB_ASSETS=str(place.directory), **_HIDDEN)
    found = {device["details"]["browser"]: device for device in of_kind(answer, "webgpu")}
    chromium = found["chromium"]
    assert (chromium["state"], chromium["details"]["check"]) == ("available", "passed"), chromium
    assert chromium["uuid"] == f"webgpu-chromium-{answer['fingerprint'][:12]}"
    assert isinstance(chromium["details"]["software"], bool)
    assert "webgpu" in answer["queues"]


def test_browsers_that_nobody_asks_for_are_not_started(place: Place, tmp_path: Path) -> None:
    """A worker that serves only the CPU finds no browser, and starts none."""
    trap = tmp_path / "programs" / "chromium"
    trap.parent.mkdir()
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    trap.chmod(0o755)
    answer = detect(place, "-Q", "cpu", PATH=f"{trap.parent}{os.pathsep}{os.environ['PATH']}")
    assert of_kind(answer, "webgpu") == of_kind(answer, "webnn") == []
    assert not (tmp_path / "started").exists()
