"""Ends groups of processes that may grow while they are being ended."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Iterable

from dtf.processes.process_table import ProcessId, is_alive, read_entry

log = logging.getLogger(__name__)

#: Names the processes that are to end, as they are now. It runs in a thread.
Finder = Callable[[], set[ProcessId]]

_POLL_S = 0.02
#: A killed process that is still there after this is stuck in the kernel.
_STUCK_S = 5.0
#: So often in a row nothing is found before it is believed.
_UNSEEN = 2


def send_signal(identity: ProcessId, number: int) -> bool:
    """Signal exactly this process, never a later one with its pid; False when it is gone."""
    try:
        descriptor = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return False
    try:
        entry = read_entry(identity.pid)
        if entry is None or entry.identity != identity:
            return False
        signal.pidfd_send_signal(descriptor, number)
    except (ProcessLookupError, PermissionError):
        return False
    finally:
        os.close(descriptor)
    return True


async def end_processes(find: Finder, grace_s: float) -> int:
    """TERM what ``find`` names, wait, then KILL until it names nothing more.

    Args:
        find: Names the processes; asked again, because they may fork meanwhile.
        grace_s: How long they have between TERM and KILL, in seconds.

    Returns:
        How many there were at first.
    """
    members = await asyncio.to_thread(find)
    if not members:
        return 0
    if grace_s > 0:
        _signal_all(members, signal.SIGTERM)
        # a stopped process hears TERM only when it goes on
        _signal_all(members, signal.SIGCONT)
        await _gone(members, grace_s)
    await kill_processes(find)
    return len(members)


async def kill_processes(find: Finder) -> None:
    """KILL until ``find`` names nothing more, or what is left cannot die."""
    deadline = asyncio.get_running_loop().time() + _STUCK_S
    unseen = 0
    while unseen < _UNSEEN:
        members = await asyncio.to_thread(_strike, find)
        unseen = 0 if members else unseen + 1
        if members and asyncio.get_running_loop().time() > deadline:
            log.error("processes do not die: %s", sorted(member.pid for member in members))
            return
        if members:
            await asyncio.sleep(_POLL_S)


def _strike(find: Finder) -> set[ProcessId]:
    """Kill what is found without going through the loop: what forks and ends all the time is gone by then."""
    members = find()
    _signal_all(members, signal.SIGKILL)
    return members


def _signal_all(members: Iterable[ProcessId], number: int) -> None:
    for member in members:
        send_signal(member, number)


async def _gone(members: set[ProcessId], within_s: float) -> None:
    deadline = asyncio.get_running_loop().time() + within_s
    while any(is_alive(member) for member in members):  # others' ends come with no event
        if asyncio.get_running_loop().time() > deadline:
            return
        await asyncio.sleep(_POLL_S)
