"""What was seen of an attempt's processes on the GPUs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dtf.domain.worker import Device
from dtf.execution.device_watch.reading import Reading

#: What a probe writes among a device's details when the driver shows processes by the pids that they have here.
PROCESSES_SEEN = "processes_seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What shows where an attempt ran.

    Attributes:
        proven: Whether one of its processes was seen on a device of its own, and none on another's.
        sentence: What shows it; empty: nothing does.
        elsewhere: Where it was seen instead, or besides; empty: nowhere.
        why_not: Why nothing can be shown on this host; empty: something can.
    """

    proven: bool = False
    sentence: str = ""
    elsewhere: str = ""
    why_not: str = ""


def cannot_be_shown(devices: Sequence[Device]) -> str:
    """Why nothing can be shown about attempts on these devices; empty: it can.

    A driver counts pids in the machine's first namespace. In a container those are not ours, and one that happens to
    be the same would prove what is not so; therefore the check of each device looks whether it sees itself.
    """
    if any(device.simulated for device in devices):
        return "the device exists by declaration only"
    if not any(device.details.get(PROCESSES_SEEN) is True for device in devices):
        return "the driver does not show the processes on it by the pids that they have here"
    return ""


class Sightings:
    """Collects what is seen of one attempt, and says what it comes to."""

    def __init__(self, devices: Sequence[Device]) -> None:
        self._own = {device.uuid: device for device in devices}
        self._seen: dict[str, tuple[int, int]] = {}
        self._others: dict[str, int] = {}

    @property
    def on_own(self) -> bool:
        """Whether it was seen on a device of its own."""
        return bool(self._seen)

    def add(self, reading: Reading, pids: Collection[int]) -> None:
        """Add one look.

        Args:
            reading: It.
            pids: The attempt's processes at about the same time.
        """
        for uuid, processes in reading.processes.items():
            for pid, size in _present(processes, pids):
                if uuid not in self._own:
                    self._others.setdefault(uuid, pid)
                elif size >= self._seen.get(uuid, (0, -1))[1]:
                    self._seen[uuid] = (pid, size)

    def evidence(self) -> Evidence:
        """What it comes to."""
        elsewhere = "; ".join(
            f"process {pid} was seen on {uuid}, which it was not given" for uuid, pid in sorted(self._others.items())
        )
        sentence = "; ".join(self._sentence(uuid, *self._seen[uuid]) for uuid in sorted(self._seen))
        return Evidence(proven=bool(sentence) and not elsewhere, sentence=sentence, elsewhere=elsewhere)

    def _sentence(self, uuid: str, pid: int, size: int) -> str:
        memory = f" with {size / 1e6:.0f} MB of its memory" if size else ""
        return f"process {pid} was seen on {uuid} ({self._own[uuid].name}){memory}"


def any_process(reading: Reading) -> bool:
    """Whether anything computes on any device."""
    return any(reading.processes.values())


def _present(processes: Mapping[str, int], pids: Collection[int]) -> list[tuple[int, int]]:
    return [(int(pid), size) for pid, size in processes.items() if int(pid) in pids]
