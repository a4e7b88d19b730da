"""Which processes are behind a page: its renderer, the browser, its GPU process, and the driver."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from dtf.execution.injector.injection import InjectorError
from dtf.execution.injector.own_process import OwnProcess, below
from dtf.processes.process_table import ProcessId, descendants, read_entry, read_table

if TYPE_CHECKING:
    from playwright.async_api import Page

_LOOP = "ms => { const end = performance.now() + ms; while (performance.now() < end); }"
#: How long it is kept busy, in turn, in milliseconds: longer where others use the machine too.
_LOOPS_MS = (150, 150, 200, 400, 400, 800, 800, 1600)
#: How much processor time, in seconds, a renderer must have used, and how many times more than the next.
_LEAST_S, _TIMES = 0.03, 3.0
_ANSWER_S = 10.0
_DRIVER = "run-driver"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserProcesses:
    """The processes behind a page, all of them ours.

    Attributes:
        renderer: What runs the page's scripts.
        main: The browser itself.
        driver: Playwright's driver above it.
    """

    renderer: OwnProcess
    main: OwnProcess
    driver: OwnProcess

    def gpu(self) -> OwnProcess | None:
        """The browser's GPU process now; None: there is none."""
        return next((process for process in below(self.main) if _is_gpu(_words(process.pid))), None)

    def tree(self) -> tuple[OwnProcess, ...]:
        """The browser with all that is below it."""
        return (self.main, *below(self.main))


async def find_processes(page: "Page") -> BrowserProcesses:
    """Find what is behind a page that works: its renderer is what is busy while it is kept busy.

    Raises:
        InjectorError: They cannot be told apart, or are not ours.
    """
    renderer = await _busy_renderer(page)
    above = list(_ancestors(renderer))
    driver = next((pid for pid in above if _DRIVER in _words(pid)), None)
    # between it and the driver: forkers, the browser, and perhaps the shell script that started the browser
    mains = [pid for pid in above[: above.index(driver)] if not _is_part(_words(pid))] if driver else []
    if driver is None or not mains:
        raise InjectorError(f"the browser of process {renderer} was not started by Playwright's driver of this process")
    return BrowserProcesses(
        renderer=OwnProcess.claim(renderer), main=OwnProcess.claim(mains[0]), driver=OwnProcess.claim(driver)
    )


async def _busy_renderer(page: "Page") -> int:
    winner = 0
    for loop_ms in _LOOPS_MS:
        before = _used()
        await asyncio.wait_for(page.evaluate(_LOOP, loop_ms), _ANSWER_S)
        latest = _busiest(before, _used())
        if latest and latest == winner:
            return winner
        winner = latest
    raise InjectorError("it cannot be told which process renders the page: several are busy")


def _busiest(before: Mapping[ProcessId, float], after: Mapping[ProcessId, float]) -> int:
    """The renderer that was busier by far than anything else; 0: there is none."""
    gained = sorted(((used - before.get(who, 0.0), who.pid) for who, used in after.items()), reverse=True)
    most, pid = gained[0] if gained else (0.0, 0)
    next_most = gained[1][0] if len(gained) > 1 else 0.0
    return pid if most >= max(_LEAST_S, _TIMES * next_most) and _is_renderer(_words(pid)) else 0


def _used() -> dict[ProcessId, float]:
    """The processor time of each process below this one, in seconds.

    Of all of them: a renderer that has just begun does not yet call itself one.
    """
    found = {}
    for pid in descendants(read_table(), (os.getpid(),)):
        if entry := read_entry(pid):
            try:
                times = psutil.Process(pid).cpu_times()
            except psutil.Error:  # it ended meanwhile
                continue
            found[entry.identity] = times.user + times.system
    return found


def _ancestors(pid: int) -> Iterator[int]:
    table: Mapping[int, object] = read_table()
    while (entry := read_entry(pid)) and entry.parent in table and entry.parent != os.getpid():
        pid = entry.parent
        yield pid


def _words(pid: int) -> list[str]:
    try:
        return psutil.Process(pid).cmdline()
    except psutil.Error:  # it ended meanwhile
        return []


def _is_part(words: list[str]) -> bool:
    return any(word.startswith("--type=") for word in words) or "-contentproc" in words


def _is_renderer(words: list[str]) -> bool:
    return "--type=renderer" in words or ("-contentproc" in words and words[-1:] == ["tab"])


def _is_gpu(words: list[str]) -> bool:
    return "--type=gpu-process" in words or ("-contentproc" in words and words[-1:] == ["gpu"])
