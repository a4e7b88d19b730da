"""What this host has to run things on."""

import hashlib
import json
import logging
import socket
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dtf.domain.codec import from_json
from dtf.domain.errors import BadInputError, SettingsError
from dtf.domain.specs import HARDWARE_TAGS
from dtf.domain.worker import Device, DeviceState
from dtf.execution.apart import ask_apart
from dtf.execution.checks.verdicts import NOT_CHECKED, checked, cuda_order
from dtf.execution.probes import amd, browser, cpu, nvidia
from dtf.execution.probes.browser import Browsers
from dtf.execution.probes.browser_search import BrowserSearch
from dtf.execution.probes.visible import allowed_amd, allowed_nvidia

_log = logging.getLogger(__name__)
_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
#: What systemd writes into an image before its first start.
_NO_ID = "uninitialized"
#: Python sets this bit in an address that it made up, which is another one in every process.
_RANDOM = 1 << 40
_MOST_SIMULATED = 1024
#: A device is of one of them; ``gpu`` only means some of them together.
_KINDS = tuple(tag for tag in HARDWARE_TAGS if tag != "gpu")
#: A driver that has to be loaded first takes some seconds for each GPU.
_PROBE_LIMIT_S = 60.0
_PCI_ORDER = "PCI_BUS_ID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visible:
    """What the caller's environment allows; None: the variable is not set.

    Attributes:
        cuda: ``CUDA_VISIBLE_DEVICES``.
        cuda_order: ``CUDA_DEVICE_ORDER``, by which the indexes in it count.
        rocr: ``ROCR_VISIBLE_DEVICES``.
        hip: ``HIP_VISIBLE_DEVICES``.
    """

    cuda: str | None = None
    cuda_order: str | None = None
    rocr: str | None = None
    hip: str | None = None


def detect_devices(
    *,
    simulate: str = "",
    visible_cuda: str | None = None,
    visible_rocr: str | None = None,
    visible_hip: str | None = None,
    cuda_device_order: str | None = None,
    check: bool = True,
    browsers: BrowserSearch | None = None,
) -> tuple[Device, ...]:
    """Ask every probe. A probe that fails is logged and costs the others nothing.

    Args:
        simulate: Devices that exist by declaration only, such as ``cuda:4,rocm:1``.
        visible_cuda: What the caller allows of the NVIDIA devices (``CUDA_VISIBLE_DEVICES``); None: all.
        visible_rocr: What it allows of the AMD devices (``ROCR_VISIBLE_DEVICES``); None: all.
        visible_hip: What it allows of those (``HIP_VISIBLE_DEVICES``); None: all.
        cuda_device_order: How the indexes of the first count (``CUDA_DEVICE_ORDER``).
        check: Whether each device must give the right answer to a small computation to count as available.
        browsers: Which browsers are asked, each of which is started for some seconds; None: none.

    Raises:
        SettingsError: ``simulate`` cannot be read.
        BadInputError: A named browser is not there.
    """
    fingerprint = host_fingerprint()
    visible = Visible(cuda=visible_cuda, cuda_order=cuda_device_order, rocr=visible_rocr, hip=visible_hip)
    probes: tuple[tuple[str, Callable[[], Sequence[Device]]], ...] = (
        ("cpu", lambda: cpu.detect(fingerprint)),
        ("nvidia", lambda: _nvidia(visible)),
        ("amd", lambda: _amd(visible)),
    )
    found = [device for name, probe in probes for device in _ask(name, probe)]
    asked = detect_browsers(browsers) if browsers is not None else Browsers()
    if asked.note:
        _log.warning("%s", asked.note)
    return (*(checked(found) if check else found), *asked.devices, *simulated_devices(simulate))


def detect_browsers(search: BrowserSearch) -> Browsers:
    """Ask the browsers alone.

    Raises:
        BadInputError: A named browser is not there.
    """
    return browser.detect(host_fingerprint(), search)


def _nvidia(visible: Visible) -> list[Device]:
    if not nvidia.is_there():
        return []
    devices = probed_apart("nvidia", "cuda")
    return allowed_nvidia(devices, visible.cuda, _order(devices, visible))


def _order(devices: Sequence[Device], visible: Visible) -> Sequence[str] | None:
    """CUDA's own order, where an index may mean another device than NVML's; None: it cannot.

    By default CUDA counts the fastest device first, which is another order only where they are unlike.
    """
    indexed = any(word.strip().isdecimal() for word in (visible.cuda or "").split(","))
    if not indexed or visible.cuda_order == _PCI_ORDER or len({device.name for device in devices}) < 2:
        return None
    order = cuda_order()
    if not order:
        _log.warning(
            "CUDA_VISIBLE_DEVICES=%s names unlike devices by their indexes, and CUDA does not tell its order;"
            " they are counted by their PCI addresses: name them by UUID, or set CUDA_DEVICE_ORDER=PCI_BUS_ID",
            visible.cuda,
        )
    return order or None


def _amd(visible: Visible) -> list[Device]:
    if not amd.is_there():
        return []
    devices = probed_apart("amd", "rocm")
    return allowed_amd(devices, rocr=visible.rocr, hip=visible.hip, cuda=visible.cuda)


def probed_apart(probe: str, kind: str, limit_s: float = _PROBE_LIMIT_S) -> list[Device]:
    """Ask a vendor's probe in a process of its own; where that fails, one failed device says why.

    Args:
        probe: Its name.
        kind: The hardware tag of what it finds.
        limit_s: The most seconds that it may take.
    """
    answer = ask_apart("dtf.execution.probes", probe, limit_s=limit_s)
    reason = answer.reason
    if not reason:
        try:
            return list(from_json(_Found, {"devices": json.loads(answer.text)}).devices)
        except (ValueError, BadInputError) as error:
            reason = f"its answer cannot be read: {error}"
    reason = f"the {probe} probe failed: {reason}"
    name = probe.upper()
    return [Device(kind=kind, name=name, uuid=f"{probe}-driver", state=DeviceState.FAILED, reason=reason)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    devices: tuple[Device, ...]


def _ask(name: str, probe: Callable[[], Sequence[Device]]) -> Sequence[Device]:
    try:
        return probe()
    except Exception:  # noqa: BLE001  # whatever a driver does, the worker starts
        _log.exception("the %s probe failed", name)
        return []


def simulated_devices(text: str) -> tuple[Device, ...]:
    """Read ``cuda:4,rocm`` into devices that are marked as simulated.

    Raises:
        SettingsError: An unknown tag, or a count that is none.
    """
    where = f"DTF_SIMULATE_DEVICES (simulate_devices) {text!r}"
    devices: list[Device] = []
    for part in (word.strip() for word in text.split(",") if word.strip()):
        tag, _, number = part.partition(":")
        if tag not in _KINDS:
            raise SettingsError(f"{where}: unknown hardware {tag!r} (known: {', '.join(_KINDS)})")
        if number and not (number.isascii() and number.isdigit() and int(number) <= _MOST_SIMULATED):
            raise SettingsError(f"{where}: {number!r} is no count from 0 to {_MOST_SIMULATED}")
        devices += [
            Device(
                kind=tag,
                name=f"simulated {tag}",
                uuid=f"simulated-{tag}-{index}",
                simulated=True,
                details={"index": index, "check": NOT_CHECKED},
            )
            for index in range(int(number or 1))
        ]
    return tuple(devices)


def host_fingerprint(files: tuple[Path, ...] = _MACHINE_IDS) -> str:
    """A stable name of this machine: a hash of its machine id, or of its network address, with the host's name.

    It outlasts reboots. The name takes part because containers and cloned machines share a machine id, so a machine
    that is renamed is another one; without an id and an address the name is all there is.
    """
    for path in files:
        try:
            identity = path.read_text().strip()
        except OSError:
            continue
        if identity and identity != _NO_ID:
            break
    else:
        node = uuid.getnode()
        identity = "" if node & _RANDOM else f"{node:012x}"
    return hashlib.sha256(f"{identity}\n{socket.gethostname()}".encode()).hexdigest()[:16]
