"""What the kernel tells of AMD compute devices in sysfs: the KFD topology, and who has a queue where."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dtf.domain.worker import Device, DeviceState

_log = logging.getLogger(__name__)
_KIND = "rocm"
#: One directory for each process that computes, by its pid in the kernel's own count.
KFD_PROCESSES = Path("/sys/class/kfd/kfd/proc")

Details = dict[str, str | int | float | bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelFiles:
    """Where the kernel tells it.

    Attributes:
        topology: The KFD's nodes: processors and GPUs; without them there is no AMD compute device.
        kfd: The device file that compute needs.
        drm: One directory for each render node (``renderD128``).
        module: The driver's.
        processes: One directory for each process that computes.
    """

    topology: Path = Path("/sys/class/kfd/kfd/topology/nodes")
    kfd: Path = Path("/dev/kfd")
    drm: Path = Path("/sys/class/drm")
    module: Path = Path("/sys/module/amdgpu")
    processes: Path = KFD_PROCESSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A GPU's node of the topology; ``reason`` says why it could not be read."""

    number: int
    name: str = ""
    properties: Mapping[str, int]
    gpu_id: int = 0
    memory_bytes: int = 0
    reason: str = ""

    @property
    def pci(self) -> str:
        """Its address, as ``0000:03:00.0``."""
        place = self.properties.get("location_id", 0)
        return f"{self.properties.get('domain', 0):04x}:{place >> 8 & 0xFF:02x}:{place >> 3 & 0x1F:02x}.{place & 7}"


def gpu_nodes(topology: Path) -> list[Node]:
    """The GPUs' nodes in the kernel's order; processors', and what a control group hides, are left out."""
    try:
        numbers = sorted(int(path.name) for path in topology.iterdir() if path.name.isdecimal())
    except OSError as error:
        _log.debug("the KFD topology cannot be listed: %s", error)
        return []
    return [node for number in numbers if (node := _read_node(topology, number)) is not None]


def _read_node(topology: Path, number: int) -> Node | None:
    path = topology / str(number)
    try:
        properties = _properties(path / "properties")
        if not properties.get("simd_count"):
            return None
        return Node(
            number=number,
            name=_text(path / "name"),
            properties=properties,
            gpu_id=_number(path / "gpu_id") or 0,
            memory_bytes=sum(_properties(bank).get("size_in_bytes", 0) for bank in path.glob("mem_banks/*/properties")),
        )
    except PermissionError:  # so the kernel answers where a container may not use the GPU
        return None
    except (OSError, ValueError) as error:
        return Node(number=number, properties={}, reason=f"its KFD node cannot be read: {error}")


def identities(nodes: list[Node]) -> dict[int, str]:
    """The UUID of each node by its number: ROCm's own name (``GPU-`` and 16 digits) where the GPU has one to itself.

    Others are known by their place: ROCm selects those by their index alone.
    """
    unique = Counter(node.properties.get("unique_id", 0) for node in nodes)
    places = Counter(node.pci for node in nodes)
    found = {}
    for node in nodes:
        name = node.properties.get("unique_id", 0)
        if name and unique[name] == 1:
            found[node.number] = f"GPU-{name:016x}"
        elif node.properties and places[node.pci] == 1:
            found[node.number] = f"amd-{node.pci}"
        else:  # a partition of a GPU, or a node that tells nothing
            found[node.number] = f"amd-node-{node.number}"
    return found


def list_devices(files: KernelFiles) -> list[Device]:
    """The GPUs as the kernel knows them."""
    nodes = gpu_nodes(files.topology)
    uuids = identities(nodes)
    missing = "" if files.kfd.exists() else f"{files.kfd} is not there"
    driver = _text(files.module / "version")
    devices = []
    for index, node in enumerate(nodes):
        reason = node.reason or missing
        details = _details(files, node)
        if driver:
            details["driver"] = driver
        device = Device(
            kind=_KIND,
            name=f"AMD {node.name}".strip(),
            uuid=uuids[node.number],
            state=DeviceState.FAILED if reason else DeviceState.AVAILABLE,
            reason=reason,
            details={**details, "index": index, "probe": "kfd"},
        )
        devices.append(device)
    return devices


def _details(files: KernelFiles, node: Node) -> Details:
    details: Details = {"node": node.number, "mig": False}
    if not node.properties:
        return details
    card = files.drm / f"renderD{node.properties.get('drm_render_minor', 0)}" / "device"
    # where the GPU shares the host's memory, its banks are empty, and the driver tells its share
    memory = node.memory_bytes or _number(card / "mem_info_vram_total") or 0
    details |= {"memory_bytes": memory, "gpu_id": node.gpu_id, "pci": node.pci}
    gfx = gfx_name(node.properties.get("gfx_target_version", 0))
    if gfx:
        details["gfx"] = gfx
    temperature = _temperature(card)
    if temperature is not None:
        details["temperature_c"] = temperature
    present = [pid for pid, gpus in processes(files.processes).items() if node.gpu_id in gpus]
    if present:
        details["processes"] = " ".join(f"{pid}:{vram(files.processes, pid, node.gpu_id)}" for pid in sorted(present))
    return details


def processes(root: Path = KFD_PROCESSES) -> dict[int, frozenset[int]]:
    """The GPUs (by the kernel's numbers) on which each process has a queue, by its pid in the kernel's own count."""
    try:
        pids = [int(path.name) for path in root.iterdir() if path.name.isdecimal()]
    except OSError:
        return {}
    return {pid: gpus for pid in pids if (gpus := gpus_of(pid, root))}


def gpus_of(pid: int, root: Path = KFD_PROCESSES) -> frozenset[int]:
    """The GPUs on which a process has a queue; a process opens every GPU, and computes by queues."""
    try:
        numbers = [_number(queue / "gpuid") for queue in (root / str(pid) / "queues").iterdir()]
    except OSError:  # it has none, or is gone
        return frozenset()
    return frozenset(number for number in numbers if number)


def figures(files: KernelFiles, node: Node) -> dict[str, float]:
    """``utilisation_percent``, ``memory_used_bytes`` and ``temperature_c``, as far as they can be read."""
    card = files.drm / f"renderD{node.properties.get('drm_render_minor', 0)}" / "device"
    found = {
        "utilisation_percent": _number(card / "gpu_busy_percent"),
        "memory_used_bytes": _number(card / "mem_info_vram_used"),
        "temperature_c": _temperature(card),
    }
    return {name: float(value) for name, value in found.items() if value is not None}


def gfx_name(version: int) -> str:
    """``gfx90a`` for 90010, as the kernel packs it: major * 10000 + minor * 100 + stepping; empty for 0."""
    return f"gfx{version // 10000}{version // 100 % 100:x}{version % 100:x}" if version else ""


def vram(root: Path, pid: int, gpu_id: int) -> int:
    """The bytes of a GPU's memory that a process holds."""
    return _number(root / str(pid) / f"vram_{gpu_id}") or 0


def _temperature(card: Path) -> int | None:
    """Degrees Celsius at the edge of the chip, which is the first sensor."""
    for sensor in sorted(card.glob("hwmon/hwmon*/temp1_input")):
        thousandths = _number(sensor)
        if thousandths is not None:
            return round(thousandths / 1000)
    return None


def _properties(path: Path) -> dict[str, int]:
    """The lines ``name number`` of a properties file."""
    pairs = (line.split() for line in path.read_text(errors="replace").splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}


def _text(path: Path) -> str:
    """What stands in a file; empty where it is not there, or not ours to read."""
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    try:
        return int(_text(path))
    except ValueError:
        return None
