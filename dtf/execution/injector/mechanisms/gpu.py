"""GPUs that fail: devices that are lost, a GPU process that is killed or stopped."""

import itertools
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from dtf.domain.failure import FailureType
from dtf.execution.injector.browser_processes import BrowserProcesses, find_processes
from dtf.execution.injector.injection import InjectorError, Scope, Seen
from dtf.execution.injector.javascript import ADAPTER, CALL_WITH_DEVICES, DESTROY_DEVICES, DEVICE_LOST
from dtf.execution.injector.look import ask
from dtf.execution.injector.mechanisms.ending import are_gone, is_stopped
from dtf.execution.injector.mechanisms.patch import TIMES, restore
from dtf.execution.injector.subject import Subject

if TYPE_CHECKING:
    from dtf.execution.injector.own_process import OwnProcess

_LOST_MS = 3000
_ASK_S = 10.0
_ADAPTER_S = 2.0
_numbers = itertools.count(1)


class DevicesDestroyed:
    """The next devices of the document are destroyed under it."""

    mechanism = f"the next {TIMES} devices are destroyed"
    scope = Scope.USE

    def __init__(self, subject: Subject) -> None:
        self._page = subject.page

    async def apply(self) -> None:
        """Stand between the page and its devices."""
        await ask(self._page, DESTROY_DEVICES, TIMES)

    async def look(self) -> Seen | None:
        """Ask for a device, and how it is lost."""
        told = await ask(self._page, DEVICE_LOST, _LOST_MS, within_s=_ASK_S)
        return Seen(kind=FailureType.GPU_ERROR, words=f"the device was lost: {told}") if told else None

    async def clear(self) -> str:
        """Stand aside."""
        return await restore(self._page)


class GpuProcessKilled:
    """The GPU process is killed between a device's birth and its use."""

    mechanism = f"the GPU process is killed under the next {TIMES} devices"
    scope = Scope.USE

    def __init__(self, subject: Subject) -> None:
        self._page = subject.page
        self._processes: BrowserProcesses | None = None
        self._killed: list[OwnProcess] = []

    async def apply(self) -> None:
        """Have the page call when it has a device."""
        self._processes = await find_processes(self._page)
        if self._processes.gpu() is None:
            raise InjectorError("this browser has no GPU process")
        name = f"__dtf_device_{next(_numbers)}"
        await self._page.expose_function(name, self._kill)
        await ask(self._page, CALL_WITH_DEVICES, [name, TIMES])

    async def look(self) -> Seen | None:
        """Ask for a device, how it is lost, and which GPU process there is now."""
        before = len(self._killed)
        lost = await ask(self._page, DEVICE_LOST, _LOST_MS, within_s=_ASK_S)
        struck = self._killed[before:]
        if not (lost and struck and self._processes and await are_gone(struck)):
            return None
        # a further question has it started again
        await ask(self._page, ADAPTER, within_s=_ASK_S)
        now = self._processes.gpu()
        told = f"GPU process {struck[0].pid} is gone, {now.pid if now else 'none'} in its place"
        return Seen(kind=FailureType.GPU_ERROR, words=f"{told}; the device was lost: {lost}")

    async def clear(self) -> str:
        """Have it call no more."""
        return await restore(self._page)

    def _kill(self) -> None:
        process = self._processes.gpu() if self._processes else None
        if process is not None and process.send(signal.SIGKILL):
            self._killed.append(process)


class GpuProcessStopped:
    """The GPU process does nothing any more, and does not end."""

    mechanism = "the GPU process is stopped"
    scope = Scope.BROWSER

    def __init__(self, subject: Subject) -> None:
        self._page = subject.page
        self._process: OwnProcess | None = None

    async def apply(self) -> None:
        """Stop it."""
        self._process = (await find_processes(self._page)).gpu()
        if self._process is None:
            raise InjectorError("this browser has no GPU process")
        self._process.send(signal.SIGSTOP)

    async def look(self) -> Seen | None:
        """See that it is stopped, and that no adapter comes."""
        if self._process is None or not self._process.alive or not await is_stopped(self._process):
            return None
        with suppress(TimeoutError):
            told = await ask(self._page, ADAPTER, within_s=_ADAPTER_S)
            if told == "there":
                return None
            return Seen(kind=FailureType.GPU_ERROR, words=told)
        words = f"/proc says that GPU process {self._process.pid} is stopped; no adapter within {_ADAPTER_S:g} s"
        return Seen(kind=FailureType.TIMEOUT, words=words)

    async def clear(self) -> str:
        """Let it go on."""
        if self._process is None or not self._process.send(signal.SIGCONT):
            return "gone with its browser"
        return "the GPU process goes on"
