"""What recovery needs of the guardian."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from dtf.domain.worker import Device

T = TypeVar("T")


class Quarantine(Protocol):
    """Holds slots back."""

    def hold(self, slot: int, reason: str) -> None:
        """Give a slot no work until a probe says that what it owns works."""
        ...


class Slots(Protocol):
    """The slots of the worker."""

    def occupy(self, numbers: Iterable[int]) -> int | None:
        """Take one of some slots if one is free; its number, to be vacated. None: all are busy."""
        ...

    def vacate(self, number: int) -> None:
        """Give back what was occupied."""
        ...


class Database(Protocol):
    """Runs calls that block."""

    async def call(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:  # noqa: ANN401  # any call's
        """Run one in a thread."""
        ...


class Finding(Protocol):
    """What a probe came to."""

    @property
    def what(self) -> str:
        """What was asked, for people."""
        ...

    @property
    def reason(self) -> str:
        """What is wrong; empty: nothing."""
        ...


class Prober(Protocol):
    """Asks for something small whose answer is known."""

    async def sing(self, device: Device | None) -> Finding:
        """Ask a device, or the machine itself, once; it never raises but for cancellation."""
        ...


class Ender(Protocol):
    """Ends processes that it started itself."""

    async def end_slot(self, slot: int) -> int:
        """End every process that belongs to a slot; return how many there were."""
        ...
