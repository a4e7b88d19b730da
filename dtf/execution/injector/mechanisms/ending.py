"""Waits for processes of ours to be gone, and ends those that are not."""

import asyncio
import signal
from collections.abc import Callable, Sequence

from dtf.execution.injector.own_process import OwnProcess

_PATIENCE_S = 5.0
_LOOK_S = 0.02


async def is_stopped(process: OwnProcess, within_s: float = _PATIENCE_S) -> bool:
    """Whether it is stopped, or will be soon, as ``/proc`` tells: a signal takes a moment."""
    return await _becomes(lambda: process.stopped, within_s)


async def are_gone(processes: Sequence[OwnProcess], within_s: float = _PATIENCE_S) -> bool:
    """Whether all of them are gone, or will be soon, as ``/proc`` tells."""
    return await _becomes(lambda: not any(process.alive for process in processes), within_s)


async def _becomes(true: Callable[[], bool], within_s: float) -> bool:
    end = asyncio.get_running_loop().time() + within_s
    while not true():
        if asyncio.get_running_loop().time() >= end:
            return False
        await asyncio.sleep(_LOOK_S)
    return True


def end_all(processes: Sequence[OwnProcess]) -> int:
    """Kill those that still run; return how many there were."""
    return sum(process.alive and process.send(signal.SIGKILL) for process in processes)
