"""What this host has to run things on."""

import hashlib
import logging
import socket
import uuid
from collections.abc import Callable
from pathlib import Path

from dtf.domain.errors import SettingsError
from dtf.domain.specs import HARDWARE_TAGS
from dtf.domain.worker import Device
from dtf.execution.probes import amd, cpu, nvidia

_log = logging.getLogger(__name__)
_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_MOST_SIMULATED = 1024
#: A device is of one of them; ``gpu`` only means some of them together.
_KINDS = tuple(tag for tag in HARDWARE_TAGS if tag != "gpu")


def detect_devices(*, simulate: str = "", visible_cuda: str | None = None) -> tuple[Device, ...]:
    """Ask every probe. A probe that fails is logged and costs the others nothing.

    Args:
        simulate: Devices that exist by declaration only, such as ``cuda:4,rocm:1``.
        visible_cuda: What the caller allows of the NVIDIA devices; None: all.

    Raises:
        SettingsError: ``simulate`` cannot be read.
    """
    fingerprint = host_fingerprint()
    probes: tuple[tuple[str, Callable[[], list[Device]]], ...] = (
        ("cpu", lambda: cpu.detect(fingerprint)),
        ("nvidia", lambda: nvidia.detect(visible_cuda)),
        ("amd", amd.detect),
    )
    found = [device for name, probe in probes for device in _ask(name, probe)]
    return (*found, *simulated_devices(simulate))


def _ask(name: str, probe: Callable[[], list[Device]]) -> list[Device]:
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
    devices: list[Device] = []
    for part in (word.strip() for word in text.split(",") if word.strip()):
        tag, _, number = part.partition(":")
        if tag not in _KINDS:
            raise SettingsError(f"simulated devices {text!r}: unknown hardware {tag!r} (known: {', '.join(_KINDS)})")
        if number and not (number.isascii() and number.isdigit() and int(number) <= _MOST_SIMULATED):
            raise SettingsError(f"simulated devices {text!r}: {number!r} is no count from 0 to {_MOST_SIMULATED}")
        devices += [
            Device(kind=tag, name=f"simulated {tag}", uuid=f"simulated-{tag}-{index}", simulated=True)
            for index in range(int(number or 1))
        ]
    return tuple(devices)


def host_fingerprint(files: tuple[Path, ...] = _MACHINE_IDS) -> str:
    """A stable name of this machine: a hash of its machine id, or of its network address, with the host's name.

    The name takes part because containers and cloned machines share a machine id.
    """
    for path in files:
        try:
            identity = path.read_text().strip()
        except OSError:
            continue
        if identity:
            break
    else:
        identity = f"{uuid.getnode():012x}"
    return hashlib.sha256(f"{identity}\n{socket.gethostname()}".encode()).hexdigest()[:16]
