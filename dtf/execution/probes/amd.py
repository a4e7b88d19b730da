"""AMD devices: the kernel's KFD topology, and what amdsmi adds to it."""

from dataclasses import replace

from dtf.domain.worker import Device, DeviceState
from dtf.execution.probes import amd_smi, kfd
from dtf.execution.probes.kfd import KernelFiles


def is_there(files: KernelFiles | None = None) -> bool:
    """Whether the kernel has compute devices of AMD."""
    return (files or KernelFiles()).topology.is_dir()


def detect(files: KernelFiles | None = None) -> list[Device]:
    """Find AMD compute devices; an empty list where there are none, and never an exception.

    The kernel says which there are, in the order in which ROCm counts them; amdsmi knows their names, and where it
    cannot be had the kernel's facts have to do.

    Args:
        files: Where the kernel tells it.
    """
    files = files or KernelFiles()
    if not files.topology.is_dir():
        return []
    devices = kfd.list_devices(files)
    told = amd_smi.list_devices()
    return [_with(device, _matching(device, told or [])) for device in devices]


def _matching(device: Device, told: list[amd_smi.SmiDevice]) -> amd_smi.SmiDevice | None:
    """What amdsmi says of the device: the one of the same unique number, else of the same address."""
    same = [one for one in told if one.serial and device.uuid == f"GPU-{one.serial}"]
    same += [one for one in told if one.pci and one.pci.lower() == device.details.get("pci")]
    return same[0] if same else None


def _with(device: Device, told: amd_smi.SmiDevice | None) -> Device:
    if told is None:
        return device
    reason = device.reason or told.reason
    return replace(
        device,
        name=told.name if not told.reason else device.name,
        state=DeviceState.FAILED if reason else DeviceState.AVAILABLE,
        reason=reason,
        details={**device.details, **told.details, "probe": "amdsmi"},
    )
