"""Playwright's driver, which can be replaced, with the browsers below it."""

import asyncio
import logging
import os
import signal
from typing import TYPE_CHECKING

from dtf.execution.injector.own_process import OwnProcess, below
from dtf.processes.process_table import descendants, read_table

if TYPE_CHECKING:
    from playwright.async_api import Playwright

_log = logging.getLogger(__name__)

_STOP_S = 5.0


class Driver:
    """Playwright's driver, started by this process, with the browsers below it.

    Attributes:
        playwright: What drives; to be asked for after ``start``.
    """

    playwright: "Playwright"

    def __init__(self) -> None:
        self._process: OwnProcess | None = None
        self._browsers: tuple[OwnProcess, ...] = ()

    async def start(self) -> None:
        """Start it."""
        from playwright.async_api import async_playwright  # noqa: PLC0415  # an extra

        before = descendants(read_table(), (os.getpid(),))
        self.playwright = await async_playwright().start()
        table = read_table()
        mine = (pid for pid, entry in table.items() if entry.parent == os.getpid() and pid not in before)
        self._process = next((OwnProcess.claim(pid) for pid in mine), None)

    def note(self) -> None:
        """Note the browsers below it: when it is killed, they are still found."""
        self._browsers = self._below()

    def send_below(self, number: signal.Signals) -> None:
        """Send a signal to all that is below it, and to the browsers that it left with all that is below them."""
        for process in (*self._below(), *self._browsers, *below(*self._browsers)):
            process.send(number)

    async def end(self) -> None:
        """End it, with all that is below it."""
        self.send_below(signal.SIGKILL)
        try:
            await asyncio.wait_for(self.playwright.stop(), _STOP_S)
        except Exception as error:  # noqa: BLE001  # it is broken: whatever it raises, its process is killed
            _log.info("the driver did not stop: %s", str(error) or type(error).__name__)
        if self._process is not None:
            self._process.send(signal.SIGKILL)

    def _below(self) -> tuple[OwnProcess, ...]:
        return below(self._process) if self._process is not None else ()
