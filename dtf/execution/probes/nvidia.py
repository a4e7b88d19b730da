"""NVIDIA devices: NVML, else GPUtil."""

import ctypes
import shutil

from dtf.domain.worker import Device
from dtf.execution.probes import gputil, nvml


def is_there() -> bool:
    """Whether there is anything that could tell of NVIDIA devices: NVML or ``nvidia-smi``."""
    try:
        ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return shutil.which("nvidia-smi") is not None
    return True


def detect() -> list[Device]:
    """Find NVIDIA devices; an empty list where there are none, and never an exception.

    It lists all of them, in NVML's order, which is that of their PCI addresses.
    """
    found = nvml.list_devices()
    return gputil.list_devices() if found is None else found
