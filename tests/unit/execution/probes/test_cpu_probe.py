from pathlib import Path

import psutil
import pytest

from dtf.execution.probes.cpu import detect, usable_cores


def test_this_host() -> None:
    """The CPU of the machine that runs this test is described as it is."""
    (device,) = detect("print")
    assert (device.kind, device.uuid, device.reason) == ("cpu", "print", "")
    assert device.name
    assert device.details["memory_bytes"] == psutil.virtual_memory().total
    assert 1 <= int(device.details["cores"]) <= int(device.details["cores_of_host"])


def test_the_model_comes_from_cpuinfo(tmp_path: Path) -> None:
    """The name is the processor's model; without a description it is the architecture, not an error."""
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Example 9000\n")
    assert detect("f", cpuinfo=cpuinfo)[0].name == "Example 9000"
    assert detect("f", cpuinfo=tmp_path / "none")[0].name


@pytest.mark.parametrize("key", ["flags", "Features"])
def test_features_are_facts(tmp_path: Path, key: str) -> None:
    """What the processor can do is true among its details, so that it can be required; what it cannot is not there."""
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\n{key}\t\t: fpu avx2 amx_int8 asimd avx10\n")
    details = detect("f", cpuinfo=cpuinfo)[0].details
    assert details["avx2"] is details["amx_int8"] is details["asimd"] is True
    assert "avx512f" not in details


@pytest.mark.parametrize(
    ("text", "limited"),
    [("100000 100000", True), ("150000 100000", True), ("max 100000", False), ("nonsense", False), ("1 0", False)],
)
def test_a_quota_narrows_the_cores(tmp_path: Path, text: str, limited: bool) -> None:
    """A control group's quota limits the cores; one that cannot be read does not."""
    (tmp_path / "cpu.max").write_text(text)
    assert usable_cores(tmp_path) == (1 if limited else usable_cores(tmp_path / "none"))
