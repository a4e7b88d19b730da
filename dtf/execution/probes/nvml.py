"""What NVML tells, by nvidia-ml-py. A driver that hangs hangs whoever calls this: see ``dtf.execution.apart``."""

import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from dtf.domain.worker import Device, DeviceState

_log = logging.getLogger(__name__)
_KIND = "cuda"
_CELSIUS_SENSOR = 0
_MIG_ENABLED = 1
#: What NVML_FI_DEV_GET_GPU_RECOVERY_ACTION asks for, where the device is of no use before it is done.
_RECOVERIES = {1: "a reset of the GPU", 2: "a reboot", 4: "a drain and a reset of the GPU", 6: "a reset of the bus",
               7: "a reboot"}  # fmt: skip

Details = dict[str, str | int | float | bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a process can compute: a GPU, or an instance of one in MIG mode."""

    uuid: str
    #: NVML's own.
    handle: Any
    gpu: Any


def list_devices() -> list[Device] | None:
    """The devices, those in MIG mode by their instances; None where there is no NVML.

    A driver that fails is one failed device without an index.
    """
    try:
        import pynvml  # noqa: PLC0415  # slow to load where it is not needed
    except Exception as error:  # noqa: BLE001  # a broken package is as good as none
        _log.debug("NVML cannot be imported: %r", error)
        return None
    try:
        with _started(pynvml):
            return _list(pynvml)
    except pynvml.NVMLError_LibraryNotFound:
        return None
    except pynvml.NVMLError as error:
        return [broken_driver(f"NVML does not start: {error}")]


def broken_driver(reason: str) -> Device:
    """What stands for devices that cannot even be listed."""
    return Device(kind=_KIND, name="NVIDIA", uuid="nvidia-driver", state=DeviceState.FAILED, reason=reason)


@contextlib.contextmanager
def _started(nvml: Any) -> Iterator[None]:  # noqa: ANN401  # pynvml has no types
    nvml.nvmlInit()
    try:
        yield
    finally:
        try:
            nvml.nvmlShutdown()
        except nvml.NVMLError as error:
            _log.debug("NVML does not end: %s", error)


def _list(nvml: Any) -> list[Device]:  # noqa: ANN401  # pynvml has no types
    try:
        count = nvml.nvmlDeviceGetCount()
        driver = text(nvml.nvmlSystemGetDriverVersion())
    except nvml.NVMLError as error:
        return [broken_driver(f"NVML lists no devices: {error}")]
    return [device for index in range(count) for device in _read_gpu(nvml, index, driver)]


def _read_gpu(nvml: Any, index: int, driver: str) -> list[Device]:  # noqa: ANN401  # pynvml has no types
    details: Details = {"index": index, "driver": driver, "probe": "nvml", "mig": False}
    name, uuid = "NVIDIA", f"nvidia-index-{index}"
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        name, uuid = text(nvml.nvmlDeviceGetName(handle)), text(nvml.nvmlDeviceGetUUID(handle))
        _read_details(nvml, handle, handle, details)
        reason = _ailment(nvml, handle)
        if _in_mig_mode(nvml, handle):
            details["mig_mode"] = True
            return _read_instances(nvml, handle, uuid, details, reason)
    except Exception as error:  # noqa: BLE001  # one bad device must not hide the others
        reason = f"NVML cannot read device {index}: {error}"
    state = DeviceState.FAILED if reason else DeviceState.AVAILABLE
    return [Device(kind=_KIND, name=name, uuid=uuid, state=state, reason=reason, details=details)]


def _read_details(nvml: Any, handle: Any, gpu: Any, details: Details) -> None:  # noqa: ANN401  # as above
    """Add what is known; what a device does not support is left out, any other error is raised.

    Args:
        nvml: pynvml.
        handle: The device, or the instance.
        gpu: The device, which alone has a temperature, an address and a compute capability.
        details: Where it is added.
    """
    memory = supported(nvml, lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
    if memory is not None:  # what shares the host's memory has none of its own
        details["memory_bytes"] = int(memory.total)
    capability = supported(nvml, lambda: nvml.nvmlDeviceGetCudaComputeCapability(gpu))
    if capability is not None:
        details["compute_capability"] = f"{capability[0]}.{capability[1]}"
    pci = supported(nvml, lambda: nvml.nvmlDeviceGetPciInfo(gpu))
    if pci is not None:
        details["pci"] = text(pci.busId)
    temperature = supported(nvml, lambda: nvml.nvmlDeviceGetTemperature(gpu, _CELSIUS_SENSOR))
    if temperature is not None:
        details["temperature_c"] = int(temperature)
    errors = supported(nvml, lambda: _uncorrected_errors(nvml, gpu))
    if errors is not None:
        details["ecc_errors"] = int(errors)
    found = processes(nvml, handle)
    if found:
        details["processes"] = " ".join(f"{pid}:{size}" for pid, size in sorted(found.items()))


def _uncorrected_errors(nvml: Any, gpu: Any) -> int:  # noqa: ANN401  # as above
    kind, since = nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, nvml.NVML_VOLATILE_ECC
    return int(nvml.nvmlDeviceGetTotalEccErrors(gpu, kind, since))


def _in_mig_mode(nvml: Any, gpu: Any) -> bool:  # noqa: ANN401  # as above
    mode = supported(nvml, lambda: nvml.nvmlDeviceGetMigMode(gpu))
    return mode is not None and mode[0] == _MIG_ENABLED


def _read_instances(nvml: Any, gpu: Any, parent: str, shared: Details, reason: str) -> list[Device]:  # noqa: ANN401
    """A device for each MIG instance; where there is none, the failed GPU: in this mode CUDA does not use it whole."""
    devices = [_read_instance(nvml, handle, gpu, {**shared, "parent": parent}, reason) for handle in _mig(nvml, gpu)]
    if devices:
        return devices
    why = reason or "it is in MIG mode and has no instance"
    name = text(nvml.nvmlDeviceGetName(gpu))
    return [Device(kind=_KIND, name=name, uuid=parent, state=DeviceState.FAILED, reason=why, details=shared)]


def _read_instance(nvml: Any, handle: Any, gpu: Any, details: Details, reason: str) -> Device:  # noqa: ANN401
    for old in ("memory_bytes", "processes"):  # they are the whole GPU's
        details.pop(old, None)
    details["mig"] = True
    name, uuid = "NVIDIA MIG", f"{details['parent']}-mig"
    try:
        name, uuid = text(nvml.nvmlDeviceGetName(handle)), text(nvml.nvmlDeviceGetUUID(handle))
        _read_details(nvml, handle, gpu, details)
        details["gpu_instance"] = int(nvml.nvmlDeviceGetGpuInstanceId(handle))
        details["compute_instance"] = int(nvml.nvmlDeviceGetComputeInstanceId(handle))
    except Exception as error:  # noqa: BLE001  # one bad instance must not hide the others
        reason = f"NVML cannot read the MIG instance: {error}"
    state = DeviceState.FAILED if reason else DeviceState.AVAILABLE
    return Device(kind=_KIND, name=name, uuid=uuid, state=state, reason=reason, details=details)


def _mig(nvml: Any, gpu: Any) -> Iterator[Any]:  # noqa: ANN401  # as above
    for index in range(int(nvml.nvmlDeviceGetMaxMigDeviceCount(gpu))):
        with contextlib.suppress(nvml.NVMLError_NotFound):  # not every number is in use
            yield nvml.nvmlDeviceGetMigDeviceHandleByIndex(gpu, index)


def _ailment(nvml: Any, gpu: Any) -> str:  # noqa: ANN401  # as above
    """Why the driver itself says that the GPU is of no use before somebody acts; empty: it does not."""
    values = supported(nvml, lambda: nvml.nvmlDeviceGetFieldValues(gpu, [nvml.NVML_FI_DEV_GET_GPU_RECOVERY_ACTION]))
    if values and values[0].nvmlReturn == 0 and (action := _RECOVERIES.get(int(values[0].value.uiVal))):
        return f"the driver asks for {action}"
    rows = supported(nvml, lambda: nvml.nvmlDeviceGetRemappedRows(gpu))
    if rows is not None and rows[3]:
        return "a faulty row of its memory could not be replaced"
    return ""


def supported(nvml: Any, ask: Callable[[], Any]) -> Any:  # noqa: ANN401  # as above
    """What NVML answers; None where the device, the driver or our rights do not have the question.

    Raises:
        NVMLError: Any other failure.
    """
    try:
        return ask()
    except (nvml.NVMLError_NotSupported, nvml.NVMLError_FunctionNotFound, nvml.NVMLError_NoPermission):
        return None
    except nvml.NVMLError_InvalidArgument:  # a question that an older driver does not know
        return None


def processes(nvml: Any, handle: Any) -> dict[int, int]:  # noqa: ANN401  # as above
    """The pids that compute on a device or an instance, as the driver sees them, each with its bytes of memory."""
    found: dict[int, int] = {}
    for name in ("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetMPSComputeRunningProcesses"):
        for entry in _running(nvml, name, handle):
            found[int(entry.pid)] = int(entry.usedGpuMemory or 0)
    return found


def _running(nvml: Any, name: str, handle: Any) -> Iterable[Any]:  # noqa: ANN401  # as above
    try:
        return supported(nvml, lambda: getattr(nvml, name)(handle)) or ()
    except nvml.NVMLLibraryMismatchError:  # the driver knows an older form of the answer
        return supported(nvml, lambda: getattr(nvml, f"{name}_v2")(handle)) or ()


def places(nvml: Any) -> Iterator[Place]:  # noqa: ANN401  # as above
    """Every GPU, or its instances where it is in MIG mode; what cannot be read is left out."""
    for index in range(nvml.nvmlDeviceGetCount()):
        try:
            gpu = nvml.nvmlDeviceGetHandleByIndex(index)
            for handle in list(_mig(nvml, gpu)) if _in_mig_mode(nvml, gpu) else [gpu]:
                yield Place(uuid=text(nvml.nvmlDeviceGetUUID(handle)), handle=handle, gpu=gpu)
        except nvml.NVMLError as error:
            _log.debug("NVML cannot read device %d: %s", index, error)


def figures(nvml: Any, place: Place) -> dict[str, float]:  # noqa: ANN401  # as above
    """``utilisation_percent``, ``memory_used_bytes`` and ``temperature_c``; of an instance only its memory."""
    found: dict[str, float] = {}
    memory = supported(nvml, lambda: nvml.nvmlDeviceGetMemoryInfo(place.handle))
    if memory is not None:
        found["memory_used_bytes"] = float(memory.used)
    temperature = supported(nvml, lambda: nvml.nvmlDeviceGetTemperature(place.gpu, _CELSIUS_SENSOR))
    if temperature is not None:
        found["temperature_c"] = float(temperature)
    rates = supported(nvml, lambda: nvml.nvmlDeviceGetUtilizationRates(place.handle))
    if rates is not None:
        found["utilisation_percent"] = float(rates.gpu)
    return found


def pids_on(uuid: str) -> frozenset[int]:
    """The pids that compute on one device or instance, as the driver sees them; none where NVML does not tell."""
    try:
        import pynvml  # noqa: PLC0415  # as above

        with _started(pynvml):
            handle = next((place.handle for place in places(pynvml) if place.uuid == uuid), None)
            return frozenset(processes(pynvml, handle)) if handle is not None else frozenset()
    except Exception as error:  # noqa: BLE001  # then nothing is seen
        _log.debug("NVML shows no processes: %r", error)
        return frozenset()


def text(value: str | bytes) -> str:
    """What some versions of NVML's package give as bytes."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value
