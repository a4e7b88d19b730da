from pathlib import Path

import pytest

from dtf.domain.errors import SettingsError
from dtf.execution.detect import detect_devices, host_fingerprint, simulated_devices


def test_there_is_always_a_cpu() -> None:
    """Whatever else a host has, its CPU is found, first."""
    assert detect_devices()[0].kind == "cpu"


def test_a_probe_that_fails_costs_nothing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A probe that raises is logged, and the others are asked all the same."""

    def fail() -> None:
        raise RuntimeError("driver on fire")

    monkeypatch.setattr("dtf.execution.probes.amd.detect", fail)
    assert detect_devices()[0].kind == "cpu"
    assert "the amd probe failed" in caplog.text
    assert "driver on fire" in caplog.text


def test_simulated_devices_are_marked() -> None:
    """Declared devices are marked as simulated and have identities of their own."""
    devices = simulated_devices("cuda:2, rocm ,webgpu:0")
    assert [device.uuid for device in devices] == ["simulated-cuda-0", "simulated-cuda-1", "simulated-rocm-0"]
    assert all(device.simulated for device in devices)
    assert simulated_devices("") == ()


@pytest.mark.parametrize("text", ["gpu:1", "cuda:x", "cuda:-1", "cuda:99999", "cuda:1:2", "cuda:²"])
def test_a_wrong_declaration_is_refused(text: str) -> None:
    """What cannot be read is an error that quotes it."""
    with pytest.raises(SettingsError, match="simulated devices"):
        simulated_devices(text)


def test_the_fingerprint_is_stable(tmp_path: Path) -> None:
    """The same machine has the same name each time, another one another; a missing machine id is no error."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("aaaa\n")
    two.write_text("bbbb\n")
    assert host_fingerprint((one,)) == host_fingerprint((tmp_path / "none", one)) != host_fingerprint((two,))
    assert len(host_fingerprint((tmp_path / "none",))) == 16
