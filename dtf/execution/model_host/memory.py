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


def gpu_bytes() -> int | None:
    """How much memory of NVIDIA GPUs this process holds, as NVML tells; None: it is on none.

    The driver counts pids in the machine's first namespace: in a container another process may have this one's pid. Ask
    before this process has used a GPU; an answer then is another's.
    """
    try:
        import pynvml  # noqa: PLC0415  # of another interpreter's packages it need not be one

        pynvml.nvmlInit()
    except Exception:  # noqa: BLE001  # no module, no driver: nothing is known
        return None
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        seen = [process for handle in handles for process in pynvml.nvmlDeviceGetComputeRunningProcesses(handle)]
        own = [int(process.usedGpuMemory or 0) for process in seen if process.pid == os.getpid()]
        return sum(own) if own else None
    except pynvml.NVMLError:
        return None
    finally:
        pynvml.nvmlShutdown()


def _line(name: str) -> int:
    for line in _STATUS.read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0
