"""Whether a page works: it reaches its server, is given memory, computes on the GPU, and keeps its pace."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dtf.domain.failure import FailureType
from dtf.execution.browser_host.compute import TOLERANCE, compute_shader
from dtf.execution.injector.injection import Seen
from dtf.execution.injector.javascript import ALLOCATE
from dtf.execution.injector.look import ask, seen_of
from dtf.execution.injector.pace import measure_pace

if TYPE_CHECKING:
    from playwright.async_api import Page

_FETCH = "path => fetch(path, { cache: 'no-store' }).then((answer) => answer.text())"
_WANTED = 2**26
#: How many times slower than at first a page may become.
_SLOWER = 3.0
_SEED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a page must be able to do.

    Attributes:
        path: What it fetches from its server.
        text: What it must get there.
        webgpu: Whether it must compute on the GPU.
        pace_ms: What processor time a loop took in a page that was well, in milliseconds; None: the browser does not
            tell.
        paced: Whether its pace is asked for too.
        limit_s: How long each question may take, in seconds.
    """

    path: str
    text: str
    webgpu: bool
    pace_ms: float | None = None
    paced: bool = False
    limit_s: float = 2.5

    async def look(self, page: "Page") -> Seen | None:
        """What is wrong with a page; None: nothing."""
        try:
            return await self._fetched(page) or await self._allocated(page) or await self._computed(page)
        except Exception as error:  # noqa: BLE001  # whatever a page raises is a finding
            return seen_of(error, self.limit_s)

    async def _fetched(self, page: "Page") -> Seen | None:
        got = await ask(page, _FETCH, self.path, within_s=self.limit_s)
        if got == self.text:
            return None
        return Seen(kind=FailureType.CONNECTION_FAILURE, words=f"{self.path} gave {got[:100]!r}")

    async def _allocated(self, page: "Page") -> Seen | None:
        told = await ask(page, ALLOCATE, _WANTED, within_s=self.limit_s)
        return Seen(kind=FailureType.RESOURCE_EXHAUSTION, words=f"{_WANTED >> 20} MiB: {told}") if told else None

    async def _computed(self, page: "Page") -> Seen | None:
        if self.webgpu:
            computed = await asyncio.wait_for(compute_shader(page, _SEED), self.limit_s)
            if wrong := computed.verdict(TOLERANCE):
                kind = FailureType.API_ERROR if computed.fault == "adapter" else FailureType.GPU_ERROR
                return Seen(kind=kind, words=f"{computed.fault}: {wrong}")
        if not self.paced or self.pace_ms is None:
            return None
        now_ms = await measure_pace(page, within_s=self.limit_s)
        if now_ms <= _SLOWER * self.pace_ms:
            return None
        words = f"a loop takes {now_ms:.0f} ms of processor time in place of {self.pace_ms:.0f}"
        return Seen(kind=FailureType.RESOURCE_EXHAUSTION, words=words)
