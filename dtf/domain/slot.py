"""What runs one shard at a time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One place of a worker where a shard can run, and what it owns.

    Attributes:
        number: From 0, unlike any other of the worker.
        tags: The hardware tags whose shards it takes, such as ``("cuda", "gpu")``.
        devices: The UUIDs of what it owns; for a CPU the host's fingerprint. All browsers of a host belong to each of
            its browser slots, since each slot starts browsers of its own.
        memory_bytes: Its share of the device's memory; 0: all of it.
    """

    number: int
    tags: tuple[str, ...]
    devices: tuple[str, ...] = ()
    memory_bytes: int = 0
