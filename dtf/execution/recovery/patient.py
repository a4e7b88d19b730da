"""What is to be recovered."""

from dataclasses import dataclass

from dtf.domain.breaker import Target
from dtf.domain.worker import Device


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What an attempt failed on, and which attempt it was.

    Attributes:
        target: What failed.
        slots: The numbers of the slots that the attempt had; they are given to nobody meanwhile.
        devices: What it had to itself there; none: the worker's machine.
        shard_id: Its shard.
        attempt: Its number.
        failed_at: When it failed, in seconds of the event loop's clock.
        in_page: Whether it ran in a page of the slot's browser, of which parts can be replaced.
    """

    target: Target
    slots: tuple[int, ...]
    devices: tuple[Device, ...]
    shard_id: str
    attempt: int
    failed_at: float
    in_page: bool = False
