"""The processor and the memory of this host."""

import logging
import os
import platform
from pathlib import Path

import psutil

from dtf.domain.worker import Device

_log = logging.getLogger(__name__)
#: What makes a difference to models, as the kernel names it.
_FEATURES = (
    "sse4_2", "avx", "f16c", "fma", "avx2", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16",
    "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16", "asimd", "asimddp", "fphp", "sve", "sve2", "i8mm", "bf16",
)  # fmt: skip


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
        "physical_cores": psutil.cpu_count(logical=False) or 1,
        "memory_bytes": memory_bytes(),
        "architecture": platform.machine(),
        "probe": "psutil",
    }
    details |= dict.fromkeys(_features(cpuinfo), True)
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
    named = _told(cpuinfo, "model name", "cpu model")
    return named or platform.processor() or platform.machine() or "CPU"


def _features(cpuinfo: Path) -> list[str]:
    """Those of the known features that the processor has."""
    flags = set(_told(cpuinfo, "flags", "features").split())
    return [name for name in _FEATURES if name in flags]


def _told(cpuinfo: Path, *keys: str) -> str:
    """What stands after the first of the keys that has something; empty: nothing does."""
    try:
        for line in cpuinfo.read_text(errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip().lower() in keys and value.strip():
                return value.strip()
    except OSError as error:
        _log.debug("the CPU cannot be read from %s: %s", cpuinfo, error)
    return ""
