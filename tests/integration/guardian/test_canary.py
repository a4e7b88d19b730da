"""Canaries are real processes; NVIDIA's driver is a stand-in."""

import asyncio
import os
from pathlib import Path

import pytest

from dtf.domain.worker import Device
from dtf.execution.canary import Canary, Song
from tests.integration.pytest_executor.spawner import PlainSpawner
from tests.stand_ins.build import build
from tests.support.browsers import need_browser

_UUID = "GPU-aaaaaaaa-0000-0000-0000-000000000001"


def sing(device: Device | None, scratch: Path, limit_s: float = 25.0, **environment: str) -> Song:
    """What one canary comes to."""

    async def ask() -> Song:
        canary = Canary(PlainSpawner(), scratch=scratch, environment={**os.environ, **environment}, limit_s=limit_s)
        return await canary.sing(device)

    return asyncio.run(ask())


def test_this_machine_is_well(tmp_path: Path) -> None:
    """It computes, forks and writes, and nothing of that is left."""
    song = sing(None, tmp_path)
    assert (song.passed, song.reason) == (True, "")
    assert song.duration_s > 0
    assert not list(tmp_path.iterdir())


def test_a_worker_that_cannot_write_is_found(tmp_path: Path) -> None:
    """A scratch directory that is none, or is gone, is the reason."""
    (tmp_path / "scratch").write_text("no directory")
    song = sing(Device(kind="cpu", name="c", uuid="f"), tmp_path / "scratch")
    assert "in the scratch directory: Not a directory" in song.reason
    assert "No such file" in sing(None, tmp_path / "gone").reason


def test_a_simulated_device_has_nothing_to_ask(tmp_path: Path) -> None:
    """The machine is asked in its place, and the canary says so."""
    song = sing(Device(kind="cuda", name="g", uuid="simulated-cuda-0", simulated=True), tmp_path)
    assert song.passed
    assert "of the machine, as the device is simulated" in song.what


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [("", ""), ("ecc", "CUDA_ERROR_ECC_UNCORRECTABLE"), ("crashes", "SIGABRT"), ("hangs", "within 3 s and was killed")],
)
def test_a_gpu_computes_or_not(behaviour: str, words: str, tmp_path: Path) -> None:
    """The computation of the device's check, in a process that is killed when it takes too long."""
    library = build(tmp_path / "drivers", "libcuda", "libnvidia_ml")
    song = sing(
        Device(kind="cuda", name="Stand-in", uuid=_UUID, details={"index": 0}),
        tmp_path,
        limit_s=3.0 if words.startswith("within") else 25.0,
        LD_LIBRARY_PATH=str(library),
        STAND_IN_STATE=str(tmp_path),
        STAND_IN_CUDA=behaviour,
    )
    assert song.passed is not bool(words)
    assert words in song.reason


def test_a_browser_computes_or_not(tmp_path: Path) -> None:
    """A fresh browser computes with WebGPU; one whose program is no browser does not."""
    choice = need_browser("chromium")
    told = {"browser": choice.browser, "executable": choice.executable}
    song = sing(Device(kind="webgpu", name="b", uuid="b", details=told), tmp_path)
    assert (song.passed, song.reason) == (True, "")
    false = Device(kind="webgpu", name="b", uuid="b", details={"browser": "custom", "executable": "/bin/false"})
    assert not sing(false, tmp_path).passed
