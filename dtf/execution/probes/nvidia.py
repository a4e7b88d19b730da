"""NVIDIA devices: NVML, else GPUtil."""

import logging
import shutil
import warnings
from typing import Any

from dtf.domain.worker import Device, DeviceState

_log = logging.getLogger(__name__)
_KIND = "cuda"


def detect(visible: str | None = None) -> list[Device]:
    """Find NVIDIA devices; an empty list where there are none, and never an exception.

    Args:
        visible: What the caller allows, as in ``CUDA_VISIBLE_DEVICES``: indexes in PCI order or UUIDs; None: all.
    """
    devices = _by_nvml()
    if devices is None:
        devices = _by_gputil()
    return _allowed(devices, visible)


def _by_nvml() -> list[Device] | None:
    """What NVML tells; None where there is no NVML."""
    try:
        import pynvml  # noqa: PLC0415  # optional, and slow to load where it is not needed
    except Exception as error:  # noqa: BLE001  # a broken package is as good as none
        _log.debug("NVML cannot be imported: %r", error)
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError_LibraryNotFound:
        return None
    except pynvml.NVMLError as error:
        reason = f"NVML does not start: {error}"
        return [Device(kind=_KIND, name="NVIDIA", uuid="nvidia-driver", state=DeviceState.FAILED, reason=reason)]
    try:
        return _list_nvml(pynvml)
    finally:
        pynvml.nvmlShutdown()


def _list_nvml(nvml: Any) -> list[Device]:  # noqa: ANN401  # pynvml has no types
    try:
        count = nvml.nvmlDeviceGetCount()
        driver = _text(nvml.nvmlSystemGetDriverVersion())
    except nvml.NVMLError as error:
        reason = f"NVML lists no devices: {error}"
        return [Device(kind=_KIND, name="NVIDIA", uuid="nvidia-driver", state=DeviceState.FAILED, reason=reason)]
    return [_read_nvml(nvml, index, driver) for index in range(count)]


def _read_nvml(nvml: Any, index: int, driver: str) -> Device:  # noqa: ANN401  # pynvml has no types
    details: dict[str, str | int | float | bool] = {"index": index, "driver": driver, "probe": "nvml"}
    name, uuid = "NVIDIA", f"nvidia-index-{index}"
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        name, uuid = _text(nvml.nvmlDeviceGetName(handle)), _text(nvml.nvmlDeviceGetUUID(handle))
        details["memory_bytes"] = int(nvml.nvmlDeviceGetMemoryInfo(handle).total)
        major, minor = nvml.nvmlDeviceGetCudaComputeCapability(handle)
        details["compute_capability"] = f"{major}.{minor}"
        details["pci"] = _text(nvml.nvmlDeviceGetPciInfo(handle).busId)
    except Exception as error:  # noqa: BLE001  # one bad device must not hide the others
        reason = f"NVML cannot read device {index}: {error}"
        return Device(kind=_KIND, name=name, uuid=uuid, state=DeviceState.FAILED, reason=reason, details=details)
    return Device(kind=_KIND, name=name, uuid=uuid, details=details)


def _by_gputil() -> list[Device]:
    """What GPUtil makes of ``nvidia-smi``."""
    if shutil.which("nvidia-smi") is None:
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it imports distutils
            import GPUtil  # noqa: PLC0415  # optional, needs distutils
        found = GPUtil.getGPUs()
    except Exception as error:  # noqa: BLE001  # it fails in many ways, all of which mean that nothing can be told
        reason = f"neither NVML nor GPUtil can read it: {error!r}"
        return [Device(kind=_KIND, name="NVIDIA", uuid="nvidia-smi", state=DeviceState.FAILED, reason=reason)]
    return [
        Device(
            kind=_KIND,
            name=str(gpu.name),
            uuid=str(gpu.uuid),
            details={
                "index": int(gpu.id),
                "driver": str(gpu.driver),
                "memory_bytes": int(gpu.memoryTotal) * 2**20,
                "probe": "gputil",
            },
        )
        for gpu in found
    ]


def _allowed(devices: list[Device], visible: str | None) -> list[Device]:
    """Those that ``visible`` names, up to the first name that fits none, as CUDA does it."""
    if visible is None:
        return devices
    chosen: list[Device] = []
    for word in (part.strip() for part in visible.split(",")):
        match = next((d for d in devices if _is_named(d, word)), None)
        if match is None:
            break
        chosen.append(match)
    return chosen


def _is_named(device: Device, word: str) -> bool:
    if word.isdigit():
        return device.details.get("index") == int(word)
    return bool(word) and device.uuid.startswith(word)


def _text(value: str | bytes) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
