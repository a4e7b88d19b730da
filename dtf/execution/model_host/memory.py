"""What this process uses of the host's memory, and of a GPU's."""

import os
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def resident_bytes() -> int:
    """What is in memory now."""
    return _line("VmRSS")


def peak_bytes() -> int:
    """The most since ``reset_peak``."""
    return _line("VmHWM")


def reset_peak() -> None:
    """Let the peak begin anew from what is in memory now; where Linux refuses it stays the process's."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return


def gpu_bytes() -> tuple[int, str] | None:
    """How much memory of an NVIDIA GPU this process holds, and the GPU's UUID, as NVML tells; None: it is on none."""
    try:
        import pynvml  # noqa: PLC0415  # of another interpreter's packages it need not be one

        pynvml.nvmlInit()
    except Exception:  # noqa: BLE001  # no module, no driver: nothing is known
        return None
    try:
        for index in range(pynvml.nvmlDeviceGetCount()):
            handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            for process in pynvml.nvmlDeviceGetComputeRunningProcesses(handle):
                if process.pid == os.getpid():
                    return int(process.usedGpuMemory or 0), str(pynvml.nvmlDeviceGetUUID(handle))
    except pynvml.NVMLError:
        return None
    finally:
        pynvml.nvmlShutdown()
    return None


def _line(name: str) -> int:
    for line in _STATUS.read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0
