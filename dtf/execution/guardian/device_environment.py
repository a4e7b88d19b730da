"""What tells test code which devices it has, and keeps it away from others'."""

from collections.abc import Iterable, Sequence

from dtf.domain import proof
from dtf.domain.worker import Device
from dtf.execution.probes.visible import rocr_name

#: What hides every device: the vendors' libraries take an index that does not exist as the end of the list.
_NONE_OF_HIP = "-1"


def device_environment(hardware: str, devices: Sequence[Device], present: Iterable[Device]) -> dict[str, str]:
    """The variables that name a shard's devices, and hide the other GPUs of the host from it.

    A shard of the CPU, or of a browser, sees no GPU where the worker knows of one: what it measures would be another
    cell of the matrix. A simulated device is named like any other; no library finds one of that name, so nothing real
    is ever used in its place.

    Args:
        hardware: The shard's tag.
        devices: What it has to itself; of ``present``, which the caller's own variables have narrowed already.
        present: What the worker knows of.
    """
    variables = {"DTF_HARDWARE": hardware, "DTF_DEVICES": " ".join(device.uuid for device in devices)}
    if any(device.simulated for device in devices):
        variables["DTF_SIMULATED"] = "1"
    kinds = {device.kind for device in present}
    cuda = [device.uuid for device in devices if device.kind == "cuda"]
    rocm = [rocr_name(device) for device in devices if device.kind == "rocm"]
    if "cuda" in kinds:
        variables["CUDA_VISIBLE_DEVICES"] = ",".join(cuda)
    if "rocm" in kinds:
        variables["ROCR_VISIBLE_DEVICES"] = ",".join(rocm)
        # HIP counts what ROCr has left
        variables["HIP_VISIBLE_DEVICES"] = ",".join(map(str, range(len(rocm)))) or _NONE_OF_HIP
    return variables


def where_it_ran(hardware: str, devices: Sequence[Device], *, asked: str = "") -> dict[str, str]:
    """The words of a proof that hold for whatever ran there; an executor that saw more says so itself.

    Args:
        hardware: The tag of the queue from which it came.
        devices: What it had to itself.
        asked: The tag that its job asks for; empty: the same.
    """
    words = {proof.HARDWARE: hardware}
    if told := proof.degradation(asked or hardware, hardware):
        words[proof.DEGRADED] = told
    if devices:
        words[proof.DEVICE] = " ".join(device.uuid for device in devices)
        words[proof.DEVICE_NAME] = "; ".join(device.name for device in devices)
        if devices[0].details.get("software") is True:
            words[proof.SOFTWARE] = proof.YES
    if any(device.simulated for device in devices):
        words[proof.SIMULATED] = proof.YES
    return words
