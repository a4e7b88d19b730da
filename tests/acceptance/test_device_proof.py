"""What an attempt on a GPU proves, its process having been seen on its own device or not. The driver is a stand-in."""

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.harness.place import Done, Place
from tests.stand_ins.build import build

_FIRST, _SECOND = "GPU-aaaaaaaa-0000-0000-0000-000000000001", "GPU-aabbbbbb-0000-0000-0000-000000000002"

#: Keeps a context until the driver has told of it so often that somebody has surely looked after it had begun.
_USE = """
import ctypes, os, pathlib, sys, time
def use():
    driver, context = ctypes.CDLL("libcuda.so.1"), ctypes.c_void_p()
    assert driver.cuInit(0) == 0 and driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), 0) == 0
    seen = pathlib.Path(os.environ["STAND_IN_STATE"], f"seen.{os.getpid()}")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (seen.exists() and seen.stat().st_size > 3):
        time.sleep(0.05)
    assert driver.cuDevicePrimaryCtxRelease_v2(0) == 0
"""
_COMMAND = _USE + "if len(sys.argv) > 1: os.putenv('CUDA_VISIBLE_DEVICES', sys.argv[1])\nuse()\n"
_SUITE = _USE + "def test_on_the_gpu(): use()\n"


@pytest.fixture
def gpus(tmp_path: Path) -> Iterator[Place]:
    """A place on a machine with two stand-in GPUs."""
    state = tmp_path / "contexts"
    state.mkdir()
    library = build(tmp_path / "drivers", "libcuda", "libnvidia_ml")
    (tmp_path / "use.py").write_text(_COMMAND)
    (tmp_path / "test_gpu.py").write_text(_SUITE)
    made = Place(tmp_path, LD_LIBRARY_PATH=str(library), STAND_IN_STATE=str(state))
    yield made
    made.kill_all()


def proof_of(place: Place, done: Done) -> dict[str, str]:
    """The proof of the last attempt."""
    assert done.out, done.err
    with closing(sqlite3.connect(place.state / "ledger.sqlite3")) as ledger:
        (text,) = ledger.execute("SELECT proof FROM attempts ORDER BY claimed_at DESC LIMIT 1").fetchone()
    proof: dict[str, str] = json.loads(text)
    return proof


@pytest.mark.parametrize(
    "what", [("--command", "--", sys.executable, "use.py"), ("test_gpu.py",)], ids=["a command", "a suite"]
)
def test_seen_on_its_own_device(gpus: Place, what: tuple[str, ...]) -> None:
    """The process of a command, and the runner of a suite, is seen where the slot put it."""
    done = gpus.dtf("run", "--hardware", "cuda", *what)
    assert done.status == 0, done.out + done.err
    proof = proof_of(gpus, done)
    assert (proof["hardware"], proof["device"], proof["device_name"]) == ("cuda", _FIRST, "Stand-in H100")
    assert f"was seen on {_FIRST} (Stand-in H100) with 512 MB" in proof["evidence"]
    assert "elsewhere" not in proof


def test_seen_on_another_device(gpus: Place) -> None:
    """A command that leaves its device for another one ran elsewhere: it did not pass, and is not run again."""
    done = gpus.dtf("run", "--hardware", "cuda", "--command", "--", sys.executable, "use.py", _SECOND)
    assert done.status != 0
    assert "ran elsewhere: process" in done.out
    assert _SECOND in proof_of(gpus, done)["elsewhere"]
    assert "1 attempt," in done.out


def test_in_a_container_nothing_is_proven(gpus: Place) -> None:
    """Where the driver tells the host's pids a job runs and passes, and its proof does not claim to have seen it."""
    gpus.environment["STAND_IN_PID_SHIFT"] = "100000"
    (gpus.directory / "use.py").write_text(_COMMAND.replace("+ 60", "+ 1"))
    done = gpus.dtf("run", "--hardware", "cuda", "--command", "--", sys.executable, "use.py")
    assert done.status == 0, done.out + done.err
    proof = proof_of(gpus, done)
    assert proof["device"] == _FIRST
    assert "evidence" not in proof
    assert "elsewhere" not in proof
