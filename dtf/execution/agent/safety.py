"""Whether this process may be forked."""

from __future__ import annotations

import os
import re
import threading
from contextlib import suppress
from pathlib import Path

_OPENBLAS = re.compile(r"\S*openblas\S*\.so\S*")
_GNU_OPENMP = re.compile(r"\S*libgomp\S*\.so\S*")

#: Device files that are open only while a device runtime has a context.
_DEVICES = ("/dev/nvidia", "/dev/kfd", "/dev/dri/render", "/dev/accel", "/dev/neuron")


def why_not_to_fork() -> str:
    """Say why a fork of this process would be unsafe; empty when nothing speaks against it.

    Three things do: a Python thread (it may hold any lock, and the fork lacks it), an open device (contexts of CUDA
    and ROCm do not survive), and threads of GNU OpenMP (the next parallel region of the fork hangs). OpenBLAS starts
    threads at import and handles forks; threads of other libraries that idle are left to them.
    """
    threads = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if threads:
        return f"the thread {threads[0]!r} runs"
    for descriptor in _descriptors():
        if descriptor.startswith(_DEVICES):
            return f"the device {descriptor} is open"
    return _openmp()


def _descriptors() -> list[str]:
    found = []
    for entry in os.listdir("/proc/self/fd"):  # noqa: PTH208  # one of the entries is gone when it is looked at
        with suppress(OSError):
            found.append(os.readlink(f"/proc/self/fd/{entry}"))  # noqa: PTH115
    return found


def _openmp() -> str:
    maps = Path("/proc/self/maps").read_text(errors="replace")
    native = len(os.listdir("/proc/self/task")) - 1  # noqa: PTH208
    explained = len(set(_OPENBLAS.findall(maps))) * max(0, (os.cpu_count() or 1) - 1)
    if native > explained and _GNU_OPENMP.search(maps):
        return f"{native - explained} threads of GNU OpenMP may run"
    return ""
