import socket
import uuid
from pathlib import Path

import pytest

from dtf.domain.errors import SettingsError
from dtf.domain.worker import DeviceState
from dtf.execution.detect import detect_devices, host_fingerprint, probed_apart, simulated_devices
from tests.stand_ins.build import build


def test_there_is_always_a_cpu() -> None:
    """Whatever else a host has, its CPU is found, first, and has computed rightly."""
    cpu = detect_devices()[0]
    assert (cpu.kind, cpu.state, cpu.details["check"]) == ("cpu", DeviceState.AVAILABLE, "passed")


def test_a_probe_that_raises_costs_nothing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A probe that raises is logged, and the others are asked all the same."""

    def fail() -> None:
        raise RuntimeError("driver on fire")

    monkeypatch.setattr("dtf.execution.probes.amd.is_there", fail)
    assert detect_devices()[0].kind == "cpu"
    assert "the amd probe failed" in caplog.text
    assert "driver on fire" in caplog.text


@pytest.fixture
def nvml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for NVML, as processes that are started from here find it."""
    monkeypatch.setenv("LD_LIBRARY_PATH", str(build(tmp_path, "libnvidia_ml")))


@pytest.mark.usefixtures("nvml")
@pytest.mark.parametrize(("host", "words"), [("crashes", "SIGABRT"), ("hangs", "within 1 s")])
def test_a_driver_that_takes_its_caller_along(monkeypatch: pytest.MonkeyPatch, host: str, words: str) -> None:
    """A driver that crashes or hangs is a failed device with its reason; this process goes on."""
    monkeypatch.setenv("STAND_IN_HOST", host)
    (device,) = probed_apart("nvidia", "cuda", limit_s=1 if host == "hangs" else 60)
    assert (device.kind, device.state) == ("cuda", DeviceState.FAILED)
    assert words in device.reason


def test_simulated_devices_are_marked() -> None:
    """Declared devices are marked as simulated, have identities of their own, and say that nobody checked them."""
    devices = simulated_devices("cuda:2, rocm ,webgpu:0")
    assert [device.uuid for device in devices] == ["simulated-cuda-0", "simulated-cuda-1", "simulated-rocm-0"]
    assert all(device.simulated and device.details["check"] == "not checked" for device in devices)
    assert simulated_devices("") == ()


@pytest.mark.parametrize("text", ["gpu:1", "cuda:x", "cuda:-1", "cuda:99999", "cuda:1:2", "cuda:²"])
def test_a_wrong_declaration_is_refused(text: str) -> None:
    """What cannot be read is an error that quotes it."""
    with pytest.raises(SettingsError, match="DTF_SIMULATE_DEVICES"):
        simulated_devices(text)


def test_the_fingerprint_is_stable(tmp_path: Path) -> None:
    """The same machine has the same name each time, another one another; a missing machine id is no error."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("aaaa\n")
    two.write_text("bbbb\n")
    assert host_fingerprint((one,)) == host_fingerprint((tmp_path / "none", one)) != host_fingerprint((two,))
    assert len(host_fingerprint((tmp_path / "none",))) == 16


def test_machines_that_share_an_id_are_told_apart_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers and clones have the same machine id and other names: they are other machines."""
    shared = tmp_path / "machine-id"
    shared.write_text("aaaa\n")
    found = set()
    for name in ("one", "two", "one"):
        monkeypatch.setattr(socket, "gethostname", lambda name=name: name)
        found.add(host_fingerprint((shared,)))
    assert len(found) == 2


@pytest.mark.parametrize("text", ["", "\n", "uninitialized\n"])
def test_without_an_id_the_address_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """An image's empty machine id is none; the network address tells two machines apart that have the same name."""
    image = tmp_path / "machine-id"
    image.write_text(text)
    prints = []
    for node in (0x001122334455, 0x001122334456):
        monkeypatch.setattr(uuid, "getnode", lambda node=node: node)
        prints.append(host_fingerprint((image,)))
    assert prints[0] != prints[1]


def test_an_address_that_was_made_up_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any network card Python invents an address in each process; the name stays, so the fingerprint does."""
    prints = set()
    for node in (0x0100_0000_0001, 0x0100_0000_0002):
        monkeypatch.setattr(uuid, "getnode", lambda node=node: node)
        prints.add(host_fingerprint((tmp_path / "none",)))
    assert len(prints) == 1
