"""Runs a command and measures it with everything that it leaves behind: wall time, CPU time, memory."""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

#: prctl's option that makes orphaned descendants children of this process, so that it can wait for them.
_PR_SET_CHILD_SUBREAPER = 36

#: How long descendants may outlive the command, in seconds.
_SETTLING_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What a command cost.

    Attributes:
        status: Its exit status; negative: the signal that ended it.
        wall_s: From its start to its own end, in seconds.
        settled_s: From its start to the end of the last process that it left, in seconds.
        cpu_s: User and system time of all of them, in seconds.
        max_rss_mib: The largest resident set of one of them.
        left: Processes that had to be killed 60 s after its end.
    """

    status: int
    wall_s: float
    settled_s: float
    cpu_s: float
    max_rss_mib: float
    left: int


def measure(argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str], output: Path) -> Measurement:
    """Measure ``argv`` in a process of its own, so that no other child of the caller is counted."""
    read, write = os.pipe()
    command = [sys.executable, __file__, str(write), *argv]
    with output.open("wb") as sink:
        meter = subprocess.Popen(
            command, cwd=cwd, env=dict(environment), stdout=sink, stderr=subprocess.STDOUT, pass_fds=(write,)
        )
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    meter.wait()
    return Measurement(**json.loads(text))


def _meter(descriptor: int, argv: Sequence[str]) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.set_inheritable(descriptor, False)
    begun = time.perf_counter()
    command = subprocess.Popen(argv)
    status = command.wait()
    ended = time.perf_counter()
    left = _reap_descendants(ended + _SETTLING_S)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = Measurement(
        status=status,
        wall_s=ended - begun,
        settled_s=time.perf_counter() - begun,
        cpu_s=used.ru_utime + used.ru_stime,
        max_rss_mib=used.ru_maxrss / 1024,
        left=left,
    )
    os.write(descriptor, json.dumps(asdict(found)).encode())


def _reap_descendants(deadline: float) -> int:
    """Wait for every descendant; kill what is there at the deadline; return how many that were."""
    killed: set[int] = set()
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return len(killed)
        if pid:
            continue
        if time.perf_counter() > deadline:
            children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
            for child in children:
                os.kill(int(child), signal.SIGKILL)
                killed.add(int(child))
        time.sleep(0.005)


if __name__ == "__main__":
    _meter(int(sys.argv[1]), sys.argv[2:])
