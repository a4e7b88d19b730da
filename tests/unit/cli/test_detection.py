import importlib.util
from pathlib import Path

import pytest

from dtf.cli.detection import facts, show_devices
from dtf.cli.doctor import machine
from dtf.cli.doctor.finding import Health
from dtf.cli.terminal.output import Output
from dtf.domain.worker import Device
from dtf.execution import detect
from dtf.execution.browser_host.choice import BrowserChoice
from dtf.settings import Settings


def test_a_gpu_in_a_few_words() -> None:
    """Memory counts as it is sold; an instance says so, and who computes on it with how much memory."""
    device = Device(
        kind="cuda", name="x", uuid="MIG-1",
        details={
            "memory_bytes": 10_000_000_000, "mig": True, "compute_capability": "8.0", "driver": "580", "probe": "nvml",
            "temperature_c": 41, "processes": "7:500000000 8:0", "processes_seen": True, "ecc_errors": 3,
        },
    )  # fmt: skip
    assert facts(device) == [
        "10.0 GB", "MIG instance", "capability 8.0", "driver 580", "41 °C", "3 uncorrected memory errors",
        "2 processes (7: 0.5 GB, 8: 0.0 GB)", "found by nvml",
    ]  # fmt: skip


def test_where_nothing_can_be_proven_it_is_said() -> None:
    """A container whose driver tells others' pids is told to whoever looks."""
    device = Device(kind="rocm", name="x", uuid="GPU-1", details={"gfx": "gfx90a", "processes_seen": False})
    assert facts(device) == ["gfx90a", "processes cannot be told apart here: no proof"]


def test_a_browser_in_a_few_words() -> None:
    """Software is said to be software, and the answer of its computation is there."""
    details: dict[str, str | bool] = {
        "vendor": "google", "architecture": "swiftshader", "software": True, "webnn": True, "browser": "chromium",
        "browser_version": "156.0", "executable": "/usr/bin/chromium", "check_result": "8192 numbers",
    }  # fmt: skip
    assert facts(Device(kind="webgpu", name="x", uuid="w", details=details)) == [
        "google", "swiftshader", "software", "WebNN too", "8192 numbers", "chromium 156.0", "/usr/bin/chromium",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("browsers", "playwright", "health", "words"),
    [
        ((), True, Health.OK, "no browser"),
        (("chromium",), True, Health.OK, "chromium (/opt/chromium)"),
        (("chromium",), False, Health.WARN, "no Playwright"),
    ],
)
def test_the_doctor_starts_no_browser(
    monkeypatch: pytest.MonkeyPatch, browsers: tuple[str, ...], playwright: bool, health: Health, words: str
) -> None:
    """It says which browsers there are and what is missing to drive them."""
    found = tuple(BrowserChoice(browser=name, executable=f"/opt/{name}") for name in browsers)
    monkeypatch.setattr(machine, "installed", lambda *_: found)
    monkeypatch.setattr(machine, "onnxruntime_web", lambda _configured: Path("/assets"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: object() if playwright else None)
    finding = machine.check_browsers(Settings(state_dir=Path("/nowhere")))
    assert finding.health is health
    assert words in finding.text


def test_the_doctor_misses_what_models_in_browsers_need(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong place is named before a job fails for it."""
    found = (BrowserChoice(browser="chromium", executable="/opt/chromium"),)
    monkeypatch.setattr(machine, "installed", lambda *_: found)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: object())
    finding = machine.check_browsers(Settings(state_dir=Path("/nowhere"), web_assets=Path("/nonexistent")))
    assert finding.health is Health.WARN
    assert "onnxruntime-web is not installed (looked in /nonexistent/onnxruntime-web)" in finding.text


def test_what_is_not_here_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A queue that no device serves, and a device that is none of this machine's."""
    monkeypatch.setattr(detect, "detect_devices", lambda **_: (Device(kind="cpu", name="x", uuid="f"),))
    settings = Settings(state_dir=Path("/nowhere"), worker_devices="f,nope")
    assert show_devices(Output(), settings, {}, ("cpu", "cuda")) == 0
    told = capsys.readouterr().out
    assert "no device here serves cuda" in told
    assert "serves cpu" not in told
    assert "DTF_WORKER_DEVICES (worker_devices) names nope, which is no device of this machine" in told
    assert "names f," not in told
