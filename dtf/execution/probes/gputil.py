"""What GPUtil makes of ``nvidia-smi``, where there is no NVML."""

import math
import shutil
import warnings
from typing import Any

from dtf.domain.worker import Device, DeviceState

_KIND = "cuda"


def list_devices() -> list[Device]:
    """The devices; empty where there is no ``nvidia-smi``."""
    if shutil.which("nvidia-smi") is None:
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it imports distutils
            import GPUtil  # noqa: PLC0415  # optional, needs distutils
        return [_read(gpu) for gpu in GPUtil.getGPUs()]
    except Exception as error:  # noqa: BLE001  # it fails in many ways, all of which mean that nothing can be told
        reason = f"neither NVML nor GPUtil can read it: {error!r}"
        return [Device(kind=_KIND, name="NVIDIA", uuid="nvidia-smi", state=DeviceState.FAILED, reason=reason)]


def _read(gpu: Any) -> Device:  # noqa: ANN401  # GPUtil has no types
    details: dict[str, str | int | float | bool] = {
        "index": int(gpu.id),
        "driver": str(gpu.driver),
        "probe": "gputil",
    }
    if not math.isnan(gpu.memoryTotal):
        details["memory_bytes"] = int(gpu.memoryTotal) * 2**20
    if not math.isnan(gpu.temperature):
        details["temperature_c"] = int(gpu.temperature)
    return Device(kind=_KIND, name=str(gpu.name), uuid=str(gpu.uuid), details=details)
