"""Devices that are hidden from the job."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dtf.domain.failure import FailureType, Intensity
from dtf.domain.specs import GPU_TAGS
from dtf.execution.injector.injection import Seen
from dtf.execution.injector.processes.mechanisms.launching import LaunchedEffect, launched
from dtf.processes.process_table import read_environment

#: An index that no device has: the vendors' libraries take it for the end of the list.
_NONE: Final = "-1"
_VARIABLES: Final = (
    "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "ROCR_VISIBLE_DEVICES",
    "GPU_DEVICE_ORDINAL",
    "NVIDIA_VISIBLE_DEVICES",
)
_NODES: Final = ("nvidia[0-9]*", "nvidiactl", "nvidia-uvm*", "kfd", "dri/renderD*")
_COUNTER: Final = str(Path(__file__).with_name("device_count.py"))
_LOOK_S: Final = 20.0


class DeviceHidden(LaunchedEffect):
    """The job's processes find no GPU: by the variables (moderate), and by the files of the devices too (severe)."""

    @property
    def mechanism(self) -> str:
        """How it is done."""
        files = ", and /dev/null lies over the devices' files" if self._is_severe else ""
        return f"the vendors' variables name no device{files}"

    async def unavailable(self) -> str:
        """Whether the job has a GPU, and whether this machine lets its files be hidden."""
        if self.subject.hardware not in (*GPU_TAGS, "gpu"):
            return f"a job on {self.subject.hardware} has no GPU that could be hidden from it"
        if not self.subject.devices or any(device.simulated for device in self.subject.devices):
            return "the job's device is declared, and is not there"
        if self._is_severe and not self.options:
            return "the device has no files of its own under /dev that could be hidden"
        return await super().unavailable()

    def environment(self) -> Mapping[str, str]:
        """The variables."""
        return dict.fromkeys(_VARIABLES, _NONE)

    async def look(self) -> Seen | None:
        """See how many devices the vendor's library counts in a process that is given what the job's was."""
        process = self.subject.begun[-1]
        given = read_environment(process.pid, frozenset(_VARIABLES))
        if given.get(_VARIABLES[0]) != _NONE:
            return None
        usual = self.subject.environment
        without = await self._count((), usual)
        # a severe one is to show that the files are hidden, too
        hidden = await (self._count(self.options, usual) if self._is_severe else self._count((), {**usual, **given}))
        if without <= 0 or hidden > 0:
            return None
        words = f"the vendor's library counts {max(hidden, 0)} devices as process {process.pid} does, {without} without"
        return Seen(kind=FailureType.GPU_ERROR, words=words)

    async def clear(self) -> str:
        """It goes with the processes that have it."""
        return "it went with the processes that had it"

    async def _count(self, options: tuple[str, ...], environment: Mapping[str, str]) -> int:
        """How many devices the vendor's library counts; -1: it does not come up."""
        argv = (sys.executable, "-I", "-S", _COUNTER)
        ran = await self.subject.run(launched(options, argv) if options else argv, environment, within_s=_LOOK_S)
        return int(ran.last) if ran.last.lstrip("-").isdecimal() else -1

    @property
    def _is_severe(self) -> bool:
        return self.spec.intensity is Intensity.SEVERE

    @property
    def options(self) -> tuple[str, ...]:
        """The files of the devices, where they are hidden."""
        if not self._is_severe:
            return ()
        found = sorted(str(node) for pattern in _NODES for node in Path("/dev").glob(pattern))
        return tuple(word for node in found for word in ("--hide", node))
