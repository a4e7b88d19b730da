"""The browsers of a worker."""

import asyncio

from dtf.domain.clock import Clock, SystemClock
from dtf.execution.executors.browser_pool.figures import Figures
from dtf.execution.executors.browser_pool.limits import Cause, PoolLimits
from dtf.execution.executors.browser_pool.slot_browser import SlotBrowser


class BrowserPool:
    """The browsers of a worker: one for each slot, started when it is needed.

    Attributes:
        limits: How long one is kept.
        figures: What they have come to.
        holders: The job whose programs were offered the browser of a slot last.
    """

    def __init__(self, limits: PoolLimits | None = None, clock: Clock | None = None) -> None:
        self.limits = limits or PoolLimits()
        self.figures = Figures()
        self.holders: dict[int, str] = {}
        self._clock = clock or SystemClock()
        self._slots: dict[int, SlotBrowser] = {}

    def of(self, slot: int) -> SlotBrowser:
        """The browser of a slot, which may not be running."""
        if slot not in self._slots:
            self._slots[slot] = SlotBrowser(slot, self.limits, self.figures, self._clock)
        return self._slots[slot]

    async def end_slot(self, slot: int) -> None:
        """End the browser of a slot."""
        if slot in self._slots:
            await self._slots[slot].end(Cause.STOPPED)

    async def close(self) -> None:
        """End all of them."""
        await asyncio.gather(*(browser.end(Cause.STOPPED) for browser in self._slots.values()))
