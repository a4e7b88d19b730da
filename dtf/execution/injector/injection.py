"""A failure that was injected: what was done, what was seen of it, and how it is taken back."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from dtf.domain.errors import DtfError
from dtf.domain.failure import FailureType, Intensity, is_recorded

_log = logging.getLogger(__name__)

#: The longest that taking a failure back may take, in seconds.
CLEAR_S = 10.0


class InjectorError(DtfError):
    """A failure could not be injected."""


class Scope(StrEnum):
    """What a failure sits in: it lasts until that is replaced."""

    #: It hits a few uses and is spent, or passes after some seconds.
    USE = "use"
    #: The document, until it is loaded anew.
    DOCUMENT = "document"
    PAGE = "page"
    CONTEXT = "context"
    BROWSER = "browser"
    DRIVER = "driver"
    #: A test's process and its children; for injectors of other jobs.
    PROCESS = "process"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A failure as it was observed, whatever was injected.

    Attributes:
        kind: What kind of failure it looks like.
        words: What was seen, for people.
    """

    kind: FailureType
    words: str


class Effect(Protocol):
    """The real effect of one failure on one subject. It is applied once, looked at, and cleared once."""

    @property
    def mechanism(self) -> str:
        """How it is done, in a few words."""
        ...

    @property
    def scope(self) -> Scope:
        """What it sits in."""
        ...

    async def apply(self) -> None:
        """Do it; the caller bounds the time."""
        ...

    async def look(self) -> Seen | None:
        """See whether it is in force, by what the subject or the machine tells; None: it is not."""
        ...

    async def clear(self) -> str:
        """Take it back, or see that it is gone with what it sat in; say how."""
        ...


@dataclass(slots=True, kw_only=True)
class Injection:
    """A failure that was injected.

    Attributes:
        failure: Its type.
        intensity: How bad.
        target: A browser's name, or what else it was injected into.
        effect: What was done.
        seen: What the independent look saw; None: it was not confirmed, and must not be counted.
        cleared: How it was taken back; empty: it was not, or not yet.
        seconds: What applying and confirming took.
    """

    failure: FailureType
    intensity: Intensity
    target: str
    effect: Effect
    seen: Seen | None = None
    cleared: str = ""
    seconds: float = 0.0

    @property
    def confirmed(self) -> bool:
        """Whether it was really there."""
        return self.seen is not None

    @property
    def recorded(self) -> bool:
        """Whether a breaker takes notice of it, once."""
        return self.confirmed and is_recorded(self.failure, self.intensity)

    async def holds(self) -> Seen | None:
        """Look again: what is seen of it now in what it was injected into; None: nothing."""
        return await self.effect.look()

    async def clear(self) -> bool:
        """Take it back; a second time does nothing.

        Returns:
            Whether it is gone. Where it is not, what it was injected into must be ended.
        """
        if not self.cleared:
            try:
                self.cleared = await asyncio.wait_for(self.effect.clear(), CLEAR_S)
            except Exception as error:  # noqa: BLE001  # the subject is broken on purpose, and may raise anything
                _log.warning("%s %s was not cleared: %s: %s", self.failure, self.intensity, type(error).__name__, error)
        return bool(self.cleared)

    def record(self) -> Mapping[str, str | float | bool]:
        """All of it, for a report."""
        return {
            "failure": str(self.failure),
            "intensity": str(self.intensity),
            "target": self.target,
            "mechanism": self.effect.mechanism,
            "scope": str(self.effect.scope),
            "confirmed": self.confirmed,
            "observed": str(self.seen.kind) if self.seen else "",
            "observation": self.seen.words if self.seen else "",
            "recorded": self.recorded,
            "cleared": self.cleared,
            "seconds": round(self.seconds, 3),
        }
