"""Asks each device for a small computation, and says which of them can be trusted."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from dtf.domain.worker import Device, DeviceState
from dtf.execution.apart import ask_apart
from dtf.execution.checks.cpu import check_cpu
from dtf.execution.probes.visible import rocr_name

#: A host with many GPUs and a driver that is not loaded yet takes over ten seconds for the first context.
LIMIT_S = 60.0
#: So many devices are checked at the same time.
_TOGETHER = 8
#: What a device says of itself once it was checked, among its details.
CHECK = "check"
PASSED = "passed"
NOT_CHECKED = "not checked"
#: Whether the driver shows the processes on the device by the pids that they have here.
PROCESSES_SEEN = "processes_seen"


def checked(devices: Sequence[Device], limit_s: float = LIMIT_S) -> list[Device]:
    """The devices, those that fail a small computation with their reason.

    Each GPU is asked in a process of its own, so that a driver that hangs or crashes hurts nothing else. Simulated
    devices are not asked, and say so; browsers were asked by the browser's own host.

    Args:
        devices: What the probes found.
        limit_s: The most seconds for one GPU.
    """
    with ThreadPoolExecutor(max_workers=_TOGETHER, thread_name_prefix="dtf-check") as pool:
        return list(pool.map(lambda device: _checked(device, limit_s), devices))


def _checked(device: Device, limit_s: float) -> Device:
    if device.simulated:
        return replace(device, details={**device.details, CHECK: NOT_CHECKED})
    ask = _CHECKS.get(device.kind)
    if ask is None or device.state is not DeviceState.AVAILABLE:
        return device
    answer = ask(device, limit_s)
    reason = str(answer.pop("reason", ""))
    facts = {name: value for name, value in answer.items() if isinstance(value, str | int | float | bool)}
    if reason:
        return replace(device, state=DeviceState.FAILED, reason=reason, details={**device.details, CHECK: "failed"})
    return replace(device, details={**device.details, CHECK: PASSED, **facts})


def _check_cpu(_device: Device, _limit_s: float) -> dict[str, object]:
    reason = check_cpu()
    return {"reason": reason} if reason else {}


def question_of(device: Device) -> tuple[str, ...] | None:
    """The module that computes on a GPU, and its arguments; None: it is none, or of a kind without one."""
    if device.kind == "cuda":
        return "dtf.execution.checks.cuda", device.uuid
    if device.kind == "rocm":
        details = device.details
        pci, gpu_id = str(details.get("pci", "-")), str(details.get("gpu_id", 0))
        return "dtf.execution.checks.rocm", rocr_name(device), pci, gpu_id
    return None


def _check_gpu(device: Device, limit_s: float) -> dict[str, object]:
    question = question_of(device)
    return _apart(*question, limit_s=limit_s) if question else {}


def _apart(module: str, *arguments: str, limit_s: float) -> dict[str, object]:
    answer = ask_apart(module, *arguments, limit_s=limit_s)
    if answer.reason:
        return {"reason": f"a small computation on it failed: {answer.reason}"}
    try:
        told = json.loads(answer.text.splitlines()[-1])
    except (ValueError, IndexError):
        return {"reason": f"a small computation on it gave no answer: {answer.text[:200]!r}"}
    if told.get("reason"):
        return {"reason": f"a small computation on it failed: {told['reason']}"}
    return dict(told)


_CHECKS: dict[str, Callable[[Device, float], dict[str, object]]] = {
    "cpu": _check_cpu,
    "cuda": _check_gpu,
    "rocm": _check_gpu,
}


def cuda_order(limit_s: float = LIMIT_S) -> list[str]:
    """The UUIDs of the NVIDIA devices in CUDA's own order, as 32 digits; empty: CUDA does not tell."""
    answer = _apart("dtf.execution.checks.cuda", "--list", limit_s=limit_s)
    uuids = answer.get("uuids")
    return [str(uuid) for uuid in uuids] if isinstance(uuids, list) else []
