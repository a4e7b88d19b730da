"""Hears of the end of Playwright's driver: what waits for a page would not."""

import asyncio
import os
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import psutil

from dtf.domain.errors import DtfError

_Result = TypeVar("_Result")

_DRIVER = "run-driver"
#: How long what is called off may take to end where nothing else is said, in seconds.
END_S = 5.0


class DriverCrashedError(DtfError):
    """The driver ended while something was done in its browser."""

    def __init__(self) -> None:
        super().__init__("the browser's driver crashed")


class DriverWatch:
    """Hears of the end of the driver that this process started last; to be made where an event loop runs.

    Attributes:
        gone: Set once the driver has ended.
    """

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._descriptor: int | None = None
        driver = find_driver()
        if driver is None:
            self.gone.set()
            return
        try:
            self._descriptor = os.pidfd_open(driver)
        except ProcessLookupError:
            self.gone.set()
            return
        self._loop.add_reader(self._descriptor, self._ended)

    async def guard(self, work: Coroutine[Any, Any, _Result], end_s: float = END_S) -> _Result:
        """Do something that needs the driver.

        Args:
            work: It.
            end_s: How long it may take to end when it is called off, in seconds.

        Raises:
            DriverCrashedError: The driver ended before it was done.
        """
        task = asyncio.create_task(work)
        gone = asyncio.create_task(self.gone.wait())
        try:
            await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise DriverCrashedError
            return task.result()
        finally:
            gone.cancel()
            if not task.done():
                task.cancel()
                await asyncio.wait((task,), timeout=end_s)

    async def ends_within(self, time_s: float) -> bool:
        """Whether it has ended, or does so soon: its connection is lost a moment before."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.gone.wait(), time_s)
        return self.gone.is_set()

    def close(self) -> None:
        """Watch no more."""
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _ended(self) -> None:
        self.gone.set()
        self.close()


def find_driver() -> int | None:
    """The youngest driver that is a child of this process; None: there is none."""
    found: list[tuple[float, int]] = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):  # it ended meanwhile
            if _DRIVER in child.cmdline():
                found.append((child.create_time(), child.pid))
    return max(found)[1] if found else None
