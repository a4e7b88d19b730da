"""Which devices the caller's environment allows, as the vendors read their variables."""

from collections.abc import Callable, Sequence
from functools import partial

from dtf.domain.worker import Device

#: What a word of a variable names; empty: nothing that exists.
Find = Callable[[str], Sequence[Device]]


def allowed_nvidia(devices: Sequence[Device], visible: str | None, order: Sequence[str] | None = None) -> list[Device]:
    """What ``CUDA_VISIBLE_DEVICES`` leaves: indexes, UUIDs or their unique beginnings, up to the first that fits none.

    A GPU in MIG mode stands for all its instances. What has no index (a driver that fails) is kept unless nothing at
    all is allowed.

    Args:
        devices: All of them.
        visible: The variable; None: it is not set, and all are allowed; empty or ``-1``: none is.
        order: The UUIDs in CUDA's order, where that is not NVML's; None: it is.
    """
    if visible is None:
        return list(devices)
    words = _words(visible)
    named = _chosen(words, lambda word: _nvidia_named(devices, word, order))
    broken = [device for device in devices if "index" not in device.details] if words not in ([], ["-1"]) else []
    return [*broken, *named]


def _nvidia_named(devices: Sequence[Device], word: str, order: Sequence[str] | None) -> Sequence[Device]:
    if word.isdecimal():
        if order is not None:
            wanted = order[int(word)] if int(word) < len(order) else None
            return [device for device in devices if wanted in (_hex(device.uuid), _hex(_parent(device)))]
        return [device for device in devices if device.details.get("index") == int(word)]
    if word.startswith("MIG-GPU-") and "/" in word:
        return [device for device in devices if _old_mig_name(device) == word]
    if word.startswith("MIG-"):
        return _only([device for device in devices if device.uuid.startswith(word)])
    if word.startswith("GPU-"):
        parents = {_parent(device) or device.uuid for device in devices}
        matching = [uuid for uuid in parents if uuid.startswith(word)]
        return [d for d in devices if (_parent(d) or d.uuid) == matching[0]] if len(matching) == 1 else []
    return []


def allowed_amd(
    devices: Sequence[Device], *, rocr: str | None = None, hip: str | None = None, cuda: str | None = None
) -> list[Device]:
    """What ROCm leaves: ``ROCR_VISIBLE_DEVICES``, then of that ``HIP_VISIBLE_DEVICES``.

    HIP reads ``CUDA_VISIBLE_DEVICES`` where its own variable is not set. Words are indexes, or UUIDs.

    Args:
        devices: All of them, in ROCm's order.
        rocr: The first variable; None: it is not set; empty or ``-1``: nothing is allowed.
        hip: The second; its indexes count what the first one leaves.
        cuda: What stands in for the second.
    """
    left = list(devices)
    for visible in (rocr, hip if hip is not None else cuda):
        if visible is not None:
            left = _chosen(_words(visible), partial(_amd_named, left))
    return left


def _amd_named(devices: Sequence[Device], word: str) -> Sequence[Device]:
    if word.isdecimal():
        return devices[int(word) : int(word) + 1]
    if word.upper().startswith("GPU-"):
        return _only([device for device in devices if device.uuid.lower().startswith(word.lower())])
    return []


def rocr_name(device: Device) -> str:
    """What ``ROCR_VISIBLE_DEVICES`` calls an AMD device: its UUID where ROCm knows it by one, else its index."""
    return str(device.details.get("index", 0)) if device.uuid.startswith("amd-") else device.uuid


def _chosen(words: Sequence[str], find: Find) -> list[Device]:
    chosen: list[Device] = []
    for word in words:
        found = find(word)
        if not found:
            break
        chosen += [device for device in found if device not in chosen]
    return chosen


def _words(visible: str) -> list[str]:
    return [word.strip() for word in visible.split(",")] if visible.strip() else []


def _only(found: list[Device]) -> list[Device]:
    """A beginning that fits several names none of them."""
    return found if len(found) == 1 else []


def _parent(device: Device) -> str:
    return str(device.details.get("parent", ""))


def _hex(uuid: str) -> str:
    return uuid.partition("-")[2].lower()


def _old_mig_name(device: Device) -> str:
    """How drivers before 470 named an instance."""
    details = device.details
    return f"MIG-{_parent(device)}/{details.get('gpu_instance')}/{details.get('compute_instance')}"
