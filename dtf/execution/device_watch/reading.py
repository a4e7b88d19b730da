"""One look at all GPUs of this host: who computes on them, and how busy they are."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dtf.execution.probes import kfd, nvml
from dtf.execution.probes.kfd import KernelFiles

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was seen.

    Attributes:
        processes: The bytes of memory of each process that computes on a device, by the device's UUID and the pid in
            the driver's own count.
        figures: ``utilisation_percent``, ``memory_used_bytes`` and ``temperature_c`` by the device's UUID, as far as
            they can be had.
    """

    processes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    figures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


class HostReader:
    """Reads all GPUs of this host; NVML stays open between two looks, since to open it can take seconds."""

    def __init__(self, files: KernelFiles | None = None) -> None:
        self._files = files or KernelFiles()
        self._nvml: Any = None

    def read(self) -> Reading:
        """Look once; a driver that fails is left out."""
        processes: dict[str, dict[str, int]] = {}
        figures: dict[str, dict[str, float]] = {}
        try:
            self._read_nvidia(processes, figures)
        except Exception as error:  # noqa: BLE001  # drivers fail in many ways; the next look opens NVML anew
            _log.debug("NVML cannot be read: %r", error)
            self._close()
        self._read_amd(processes, figures)
        return Reading(processes=processes, figures=figures)

    def _read_nvidia(self, processes: dict[str, dict[str, int]], figures: dict[str, dict[str, float]]) -> None:
        library = self._open()
        for place in nvml.places(library):
            found = nvml.processes(library, place.handle)
            processes[place.uuid] = {str(pid): size for pid, size in found.items()}
            figures[place.uuid] = nvml.figures(library, place)

    def _read_amd(self, processes: dict[str, dict[str, int]], figures: dict[str, dict[str, float]]) -> None:
        nodes = kfd.gpu_nodes(self._files.topology)
        uuids = kfd.identities(nodes)
        present = kfd.processes(self._files.processes) if nodes else {}
        for node in nodes:
            on_it = [pid for pid, gpus in present.items() if node.gpu_id in gpus]
            used = {str(pid): kfd.vram(self._files.processes, pid, node.gpu_id) for pid in on_it}
            processes[uuids[node.number]] = used
            figures[uuids[node.number]] = kfd.figures(self._files, node)

    def _open(self) -> Any:  # noqa: ANN401  # pynvml has no types
        if self._nvml is None:
            import pynvml  # noqa: PLC0415  # slow to load where it is not needed

            pynvml.nvmlInit()
            self._nvml = pynvml
        return self._nvml

    def _close(self) -> None:
        library, self._nvml = self._nvml, None
        if library is None:
            return
        try:
            library.nvmlShutdown()
        except library.NVMLError as error:
            _log.debug("NVML does not end: %s", error)


def device_figures(reading: Reading) -> dict[str, dict[str, float]]:
    """The figures of each device for a heartbeat, by its UUID."""
    return {uuid: dict(figures) for uuid, figures in reading.figures.items()}
