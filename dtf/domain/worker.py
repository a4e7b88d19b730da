"""Who runs things, and on what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dtf.domain.quarantine import Quarantine
from dtf.domain.slot import Slot


class WorkerState(StrEnum):
    """Where a worker stands."""

    ONLINE = "online"
    #: Finishes what it has and takes nothing more.
    DRAINING = "draining"
    OFFLINE = "offline"


class DeviceState(StrEnum):
    """Whether a device can be used."""

    AVAILABLE = "available"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One piece of hardware that a worker found.

    Attributes:
        kind: Its hardware tag.
        name: The vendor's name.
        uuid: What tells it from its like; for a CPU the host's fingerprint.
        state: Whether it can be used.
        reason: Why not; empty otherwise.
        simulated: Whether it exists by declaration only.
        details: What the probe read: memory_bytes, cores, driver and so on.
    """

    kind: str
    name: str
    uuid: str
    state: DeviceState = DeviceState.AVAILABLE
    reason: str = ""
    simulated: bool = False
    details: Mapping[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerInfo:
    """A worker as it registers.

    Attributes:
        worker_id: Stable over restarts of its guardian, new for every start of the worker.
        name: The Celery node name.
        host: The host's name.
        fingerprint: A stable name of the machine.
        pid: The worker's main process.
        queues: What it consumes.
        slots: How many shards it runs at a time.
        tags: Free tags.
        devices: What it found.
        memory_bytes: The host's memory.
        cpu_count: The host's cores as this process may use them.
        version: dtf's version.
        slot_table: Its slots and what each owns; empty: all of them run on the CPU.
    """

    worker_id: str
    name: str
    host: str
    fingerprint: str
    pid: int
    queues: tuple[str, ...]
    slots: int
    tags: tuple[str, ...] = ()
    devices: tuple[Device, ...] = ()
    memory_bytes: int = 0
    cpu_count: int = 1
    version: str = ""
    slot_table: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLoad:
    """What a worker reports with its heartbeat.

    Attributes:
        cpu_percent: Of the host, 0 to 100.
        memory_percent: Of the host, 0 to 100.
        load_1m: The one-minute load average.
        busy_slots: Slots that run something.
        devices: Of the GPUs ``utilisation_percent``, ``memory_used_bytes`` and ``temperature_c``, as far as they can be
            had, by the device's UUID.
        slot_memory_bytes: The resident memory of each slot's processes, by the slot's number; what processes share
            counts for each of them. A slot without a process is not in it.
        quarantine: What it gives to nobody for now.
    """

    cpu_percent: float
    memory_percent: float
    load_1m: float
    busy_slots: int
    devices: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    slot_memory_bytes: Mapping[str, int] = field(default_factory=dict)
    quarantine: tuple[Quarantine, ...] = ()
