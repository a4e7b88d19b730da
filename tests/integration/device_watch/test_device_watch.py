"""The watch over GPUs with real processes; the driver is a stand-in."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dtf.domain.worker import Device
from dtf.execution.device_watch.evidence import Evidence
from dtf.execution.device_watch.monitor import DeviceMonitor
from dtf.execution.device_watch.watch import DeviceWatch
from tests.integration.pytest_executor.spawner import PlainSpawner
from tests.stand_ins.build import build

_FIRST, _SECOND = "GPU-aaaaaaaa-0000-0000-0000-000000000001", "GPU-aabbbbbb-0000-0000-0000-000000000002"
_MIG = "MIG-11111111-0000-0000-0000-00000000000b"

#: Opens a context on the device that it is given, says so, and keeps it until its input ends.
_USER = """
import ctypes, sys
driver, context = ctypes.CDLL("libcuda.so.1"), ctypes.c_void_p()
assert driver.cuInit(0) == 0 and driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), 0) == 0
print("on it", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def driver(tmp_path: Path) -> dict[str, str]:
    """An environment in which the stand-ins for NVIDIA's driver and NVML are found."""
    state = tmp_path / "contexts"
    state.mkdir()
    library = build(tmp_path / "drivers", "libcuda", "libnvidia_ml")
    return {**os.environ, "LD_LIBRARY_PATH": str(library), "STAND_IN_STATE": str(state)}


@contextmanager
def user_of(uuid: str, driver: dict[str, str]) -> Iterator[int]:
    """The pid of a process with a context on a device."""
    environment = {**driver, "CUDA_VISIBLE_DEVICES": uuid}
    with subprocess.Popen(
        [sys.executable, "-c", _USER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"on it\n"
        yield process.pid


def device(uuid: str, *, seen: bool = True) -> Device:
    """A device whose check has seen itself on it, or has not."""
    return Device(kind="cuda", name="Stand-in", uuid=uuid, details={"processes_seen": seen})


def watch(driver: dict[str, str], tmp_path: Path, own: Device, pids: set[int]) -> Evidence:
    """What a watch over one attempt says whose processes are these."""

    async def work(monitor: DeviceMonitor) -> Evidence:
        watching = DeviceWatch(monitor)
        watching.start([own], lambda: pids)
        return await watching.stop()

    return with_monitor(driver, tmp_path, work)


def with_monitor(
    driver: dict[str, str], tmp_path: Path, work: Callable[[DeviceMonitor], Awaitable[Evidence]], look_s: float = 60
) -> Evidence:
    """Do something with a monitor, which is ended afterwards."""

    async def go() -> Evidence:
        monitor = DeviceMonitor(PlainSpawner(), cwd=tmp_path, environment=driver, look_s=look_s)
        try:
            return await work(monitor)
        finally:
            await monitor.close()

    return asyncio.run(asyncio.wait_for(go(), 120))


@pytest.mark.parametrize(("host", "uuid"), [("two", _FIRST), ("mig", _MIG)])
def test_seen_on_its_own_device(driver: dict[str, str], tmp_path: Path, host: str, uuid: str) -> None:
    """A process with a context on the attempt's GPU, or on its MIG instance, is proof."""
    driver["STAND_IN_HOST"] = host
    with user_of(uuid, driver) as pid:
        found = watch(driver, tmp_path, device(uuid), {pid})
    assert found.proven
    assert found.sentence == f"process {pid} was seen on {uuid} (Stand-in) with 512 MB of its memory"


def test_seen_on_another_device(driver: dict[str, str], tmp_path: Path) -> None:
    """A process with a context on the other GPU of the host ran elsewhere."""
    with user_of(_SECOND, driver) as pid:
        found = watch(driver, tmp_path, device(_FIRST), {pid})
    assert not found.proven
    assert _SECOND in found.elsewhere


def test_never_seen(driver: dict[str, str], tmp_path: Path) -> None:
    """What is on no GPU, while another's process is, shows nothing."""
    with user_of(_FIRST, driver):
        assert watch(driver, tmp_path, device(_FIRST), {os.getpid()}) == Evidence()


def test_in_a_container_nothing_is_shown(driver: dict[str, str], tmp_path: Path) -> None:
    """Where the check did not see itself, nobody even looks, and the reason is told."""
    with user_of(_FIRST, driver) as pid:
        found = watch(driver, tmp_path, device(_FIRST, seen=False), {pid})
    assert (found.proven, found.sentence, found.elsewhere) == (False, "", "")
    assert "pids" in found.why_not


def test_a_process_that_comes_and_goes(driver: dict[str, str], tmp_path: Path) -> None:
    """A watch that runs sees what is gone when it is stopped."""

    async def work(monitor: DeviceMonitor) -> Evidence:
        watching, pids = DeviceWatch(monitor), set[int]()
        with user_of(_FIRST, driver) as pid:
            pids.add(pid)
            watching.start([device(_FIRST)], lambda: pids)
            while not watching.proven:  # noqa: ASYNC110  # it has no event of its own
                await asyncio.sleep(0.05)
        return await watching.stop()

    assert with_monitor(driver, tmp_path, work).proven


@pytest.mark.parametrize("host", ["hangs", "crashes"])
def test_a_driver_that_fails_proves_nothing(driver: dict[str, str], tmp_path: Path, host: str) -> None:
    """A driver that hangs or crashes costs the process that looks; nobody tries again for a while."""
    driver["STAND_IN_HOST"] = host

    async def work(monitor: DeviceMonitor) -> Evidence:
        assert await monitor.read() is None
        assert await monitor.read() is None
        return Evidence()

    with_monitor(driver, tmp_path, work, look_s=2 if host == "hangs" else 60)
