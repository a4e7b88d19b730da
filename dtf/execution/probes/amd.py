"""AMD devices: amdsmi, else the kernel's KFD topology."""

import logging
from pathlib import Path
from typing import Any

from dtf.domain.worker import Device, DeviceState

_log = logging.getLogger(__name__)
_KIND = "rocm"
_TOPOLOGY = Path("/sys/class/kfd/kfd/topology/nodes")
_KFD = Path("/dev/kfd")


def detect(topology: Path = _TOPOLOGY, kfd: Path = _KFD) -> list[Device]:
    """Find AMD compute devices; an empty list where there are none, and never an exception.

    Args:
        topology: The kernel's KFD nodes; without them there is no AMD compute device.
        kfd: The device file that compute needs.
    """
    if not topology.is_dir():
        return []
    return _by_amdsmi() or _by_topology(topology, kfd)


def _by_amdsmi() -> list[Device] | None:
    """What amdsmi tells; None where it cannot be used."""
    try:
        import amdsmi  # noqa: PLC0415  # optional; without ROCm its import raises KeyError

        amdsmi.amdsmi_init()
    except Exception as error:  # noqa: BLE001  # see above: not ImportError alone
        _log.debug("amdsmi cannot be used: %r", error)
        return None
    try:
        return [_read_amdsmi(amdsmi, index, h) for index, h in enumerate(amdsmi.amdsmi_get_processor_handles())]
    except Exception as error:  # noqa: BLE001  # its errors have no common root in all versions
        _log.warning("amdsmi lists no devices: %r", error)
        return None
    finally:
        amdsmi.amdsmi_shut_down()


def _read_amdsmi(smi: Any, index: int, handle: object) -> Device:  # noqa: ANN401  # amdsmi has no types
    details: dict[str, str | int | float | bool] = {"index": index, "probe": "amdsmi"}
    name, uuid = "AMD", f"amd-index-{index}"
    try:
        asic = smi.amdsmi_get_gpu_asic_info(handle)
        name, uuid = str(asic["market_name"]), str(smi.amdsmi_get_gpu_device_uuid(handle))
        details["memory_bytes"] = int(smi.amdsmi_get_gpu_vram_info(handle)["vram_size"]) * 2**20
        details["gfx"] = str(asic.get("target_graphics_version", ""))
    except Exception as error:  # noqa: BLE001  # one bad device must not hide the others
        reason = f"amdsmi cannot read device {index}: {error!r}"
        return Device(kind=_KIND, name=name, uuid=uuid, state=DeviceState.FAILED, reason=reason, details=details)
    return Device(kind=_KIND, name=name, uuid=uuid, details=details)


def _by_topology(topology: Path, kfd: Path) -> list[Device]:
    try:
        nodes = sorted((node for node in topology.iterdir() if node.name.isdigit()), key=lambda node: int(node.name))
    except OSError as error:
        _log.warning("the KFD topology cannot be listed: %s", error)
        return []
    return [device for node in nodes if (device := _read_node(node, kfd)) is not None]


def _read_node(node: Path, kfd: Path) -> Device | None:
    """The device of a node; None for a CPU's node."""
    uuid = f"kfd-node-{node.name}"
    try:
        properties = _properties(node / "properties")
        if not properties.get("simd_count"):
            return None
        name_file = node / "name"
        name = name_file.read_text(errors="replace").strip() if name_file.exists() else ""
        memory = sum(_properties(bank).get("size_in_bytes", 0) for bank in node.glob("mem_banks/*/properties"))
    except (OSError, ValueError) as error:
        reason = f"its KFD node cannot be read: {error}"
        return Device(kind=_KIND, name="AMD", uuid=uuid, state=DeviceState.FAILED, reason=reason)
    unique = properties.get("unique_id", 0)
    details: dict[str, str | int | float | bool] = {
        "memory_bytes": memory,
        "gfx": _gfx(properties.get("gfx_target_version", 0)),
        "index": int(node.name),
        "probe": "kfd",
    }
    missing = not kfd.exists()
    return Device(
        kind=_KIND,
        name=f"AMD {name}".strip(),
        uuid=f"GPU-{unique:016x}" if unique else uuid,
        state=DeviceState.FAILED if missing else DeviceState.AVAILABLE,
        reason=f"{kfd} is not there" if missing else "",
        details=details,
    )


def _properties(path: Path) -> dict[str, int]:
    """The lines ``name number`` of a properties file."""
    pairs = (line.split() for line in path.read_text(errors="replace").splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}


def _gfx(version: int) -> str:
    """``gfx90a`` for 90010, as the kernel packs it: major * 10000 + minor * 100 + stepping."""
    return f"gfx{version // 10000}{version // 100 % 100:x}{version % 100:x}" if version else ""
