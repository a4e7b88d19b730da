"""What ``/proc`` tells about processes."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_LOOKS = 10
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_GONE = frozenset("ZXx")  # zombies, and what is on its way out


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessId:
    """A process that is not mistaken for a later one with the same pid.

    Attributes:
        pid: Its pid.
        start_ticks: When it started, in clock ticks since the machine's start.
    """

    pid: int
    start_ticks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessEntry:
    """One process of this user as it was seen."""

    identity: ProcessId
    parent: int
    alive: bool


def read_entry(pid: int) -> ProcessEntry | None:
    """A process, or None when there is none with this pid."""
    try:
        text = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:  # it has ended meanwhile
        return None
    # the name in brackets may hold blanks and brackets
    fields = text[text.rindex(b")") + 2 :].split()
    return ProcessEntry(
        identity=ProcessId(pid=pid, start_ticks=int(fields[19])),
        parent=int(fields[1]),
        alive=chr(fields[0][0]) not in _GONE,
    )


def identify(pid: int) -> ProcessId:
    """The identity of a living process.

    Raises:
        ProcessLookupError: There is none.
    """
    entry = read_entry(pid)
    if entry is None:
        raise ProcessLookupError(f"there is no process {pid}")
    return entry.identity


def is_alive(identity: ProcessId) -> bool:
    """Whether exactly this process still runs (a zombie does not)."""
    entry = read_entry(identity.pid)
    return entry is not None and entry.alive and entry.identity == identity


def read_table() -> dict[int, ProcessEntry]:
    """All processes of this user, by pid.

    The kernel lists pids at one moment and they are read at another; what was forked in between is looked up until
    nothing new turns up, so that a process that only forks and ends does not slip through.
    """
    user = os.geteuid()
    table: dict[int, ProcessEntry] = {}
    seen: set[int] = set()
    for _ in range(_LOOKS):
        listed = {int(name) for name in os.listdir(_PROC) if name.isdecimal()}  # noqa: PTH208  # many names, no paths
        if not listed - seen:
            break
        for pid in listed - seen:
            if _owner(pid) == user and (entry := read_entry(pid)):
                table[pid] = entry
        seen |= listed
    return table


def _owner(pid: int) -> int | None:
    try:
        return (_PROC / str(pid)).stat().st_uid
    except OSError:  # it has ended meanwhile
        return None


def descendants(table: Mapping[int, ProcessEntry], roots: Iterable[int]) -> set[int]:
    """The pids below ``roots``, without the roots."""
    children: dict[int, list[int]] = {}
    for pid, entry in table.items():
        children.setdefault(entry.parent, []).append(pid)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found


def read_environment(pid: int, names: frozenset[str]) -> dict[str, str]:
    """Those of the named variables with which a process was started; empty when it cannot be read."""
    try:
        text = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:  # ended, or not ours to read
        return {}
    pairs = (item.partition(b"=") for item in text.split(b"\0"))
    found = ((os.fsdecode(name), os.fsdecode(value)) for name, _, value in pairs)
    return {name: value for name, value in found if name in names}


def resident_bytes(pid: int) -> int:
    """How much memory a process has that is not swapped out; 0 when it has ended."""
    try:
        pages = (_PROC / str(pid) / "statm").read_bytes().split()[1]
    except (OSError, IndexError):  # it has ended meanwhile
        return 0
    return int(pages) * _PAGE_BYTES


def same_pid_namespace(pid: int) -> bool:
    """Whether pids mean the same to that process as to this one."""
    try:
        return (_PROC / str(pid) / "ns/pid").readlink() == (_PROC / "self/ns/pid").readlink()
    except OSError:
        return False
