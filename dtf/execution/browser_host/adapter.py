"""The adapter that a browser gives to a page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dtf.execution.browser_host.javascript import script

if TYPE_CHECKING:
    from playwright.async_api import Page

#: What software that stands in for a GPU calls itself.
_SOFTWARE = re.compile(r"swiftshader|llvmpipe|lavapipe|software|microsoft basic render", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """What a page was given when it asked for a WebGPU adapter.

    Attributes:
        available: Whether there was one.
        reason: Why not; empty otherwise.
        vendor: As the browser tells; browsers may hide it.
        architecture: Likewise.
        device: Likewise.
        description: Likewise.
        software: Whether software stands in for a GPU.
        features: The names of what it can do beside what all can.
        limits: The limits that compute meets first, in the units of WebGPU.
    """

    available: bool
    reason: str = ""
    vendor: str = ""
    architecture: str = ""
    device: str = ""
    description: str = ""
    software: bool = False
    features: tuple[str, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What it is called, for people; browsers that hide everything leave only what it is."""
        told = self.description or " ".join(filter(None, (self.vendor, self.architecture, self.device)))
        return told or ("a software adapter" if self.software else "an adapter without a name")


async def ask_adapter(page: "Page") -> Adapter:
    """Ask for an adapter in a page; the caller bounds the time."""
    return read_adapter(await page.evaluate(script("adapter.js")))


def read_adapter(told: Mapping[str, Any]) -> Adapter:
    """Read what ``adapter.js`` gives."""
    words = {name: str(told.get(name, "")) for name in ("reason", "vendor", "architecture", "device", "description")}
    return Adapter(
        available=bool(told["available"]),
        software=bool(told.get("fallback")) or bool(_SOFTWARE.search(" ".join(words.values()))),
        features=tuple(told.get("features", ())),
        limits={name: int(value) for name, value in told.get("limits", {}).items() if value is not None},
        **words,
    )
