"""The processor and the memory of this host."""

import logging
import os
import platform
from pathlib import Path

import psutil

from dtf.domain.worker import Device

_log = logging.getLogger(__name__)


def detect(
    fingerprint: str,
    *,
    cpuinfo: Path = Path("/proc/cpuinfo"),
    cgroup: Path = Path("/sys/fs/cgroup"),
) -> list[Device]:
    """Describe the CPU, which every worker has.

    Args:
        fingerprint: The host's; a CPU has no identity of its own.
        cpuinfo: Linux's description of the processors.
        cgroup: Where the control group's limits stand.
    """
    details: dict[str, str | int | float | bool] = {
        "cores": usable_cores(cgroup),
        "cores_of_host": psutil.cpu_count(logical=True) or 1,
        "memory_bytes": memory_bytes(),
        "architecture": platform.machine(),
    }
    return [Device(kind="cpu", name=_model(cpuinfo), uuid=fingerprint, details=details)]


def usable_cores(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """The cores that this process may use: its affinity, narrowed by the control group's quota."""
    try:
        cores = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):  # not on every platform
        cores = psutil.cpu_count(logical=True) or 1
    quota = _quota(cgroup)
    return max(1, min(cores, quota)) if quota else cores


def memory_bytes() -> int:
    """The host's memory."""
    return int(psutil.virtual_memory().total)


def _quota(cgroup: Path) -> int | None:
    try:
        limit, period = (cgroup / "cpu.max").read_text().split()
        return None if limit == "max" else max(1, int(int(limit) / int(period)))
    except (OSError, ValueError, ZeroDivisionError) as error:
        _log.debug("no CPU quota could be read below %s: %s", cgroup, error)
        return None


def _model(cpuinfo: Path) -> str:
    try:
        for line in cpuinfo.read_text(errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip().lower() in {"model name", "cpu model"} and value.strip():
                return value.strip()
    except OSError as error:
        _log.debug("the CPU's model could not be read from %s: %s", cpuinfo, error)
    return platform.processor() or platform.machine() or "CPU"
