"""Finds processes by their environment or working directory, and tells what each of them is for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

#: The kinds of processes, in the order in which they are recognised.
ROLES = ("broker", "supervisor", "coordinator", "guardian", "worker", "pool child", "warm parent", "runner")


@dataclass(frozen=True, slots=True)
class Seen:
    """Processes at one moment."""

    all: tuple[psutil.Process, ...]

    def of(self, role: str) -> list[psutil.Process]:
        """Those of one role."""
        return [process for process in self.all if role_of(process) == role]

    def lines(self) -> list[str]:
        """One line for each."""
        return [f"{p.pid} {role_of(p) or 'other'}: {' '.join(command_line(p))[:160]}" for p in self.all]


def seen_with(mark: str, directory: Path) -> Seen:
    """The processes whose environment holds the mark, or that work in the directory; zombies are not processes.

    The broker writes its title over its environment, and is known by its directory alone.
    """
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (mark.encode() in _environment(entry) or _works_in(entry, directory)):
            try:
                found.append(psutil.Process(int(entry.name)))
            except psutil.NoSuchProcess:
                continue
    return Seen(tuple(found))


def _environment(entry: Path) -> bytes:
    try:
        return (entry / "environ").read_bytes()
    except OSError:
        return b""


def _works_in(entry: Path, directory: Path) -> bool:
    try:
        return (entry / "cwd").readlink().is_relative_to(directory)
    except OSError:
        return False


def command_line(process: psutil.Process) -> list[str]:
    """A process's arguments; none when it is gone."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def role_of(process: psutil.Process) -> str:
    """What a process is for; empty: none of the roles."""
    words = command_line(process)
    return next((role for role, matches in _RECOGNISED if matches(words, process)), "")


def _has(word: str) -> Callable[[list[str], psutil.Process], bool]:
    return lambda words, _process: word in words


def _parent_words(process: psutil.Process) -> list[str]:
    try:
        parent = process.parent()
    except psutil.Error:
        return []
    return command_line(parent) if parent else []


def _is_agent(words: Iterable[str]) -> bool:
    return any(word.endswith("agent/launch.py") for word in words)


_RECOGNISED: tuple[tuple[str, Callable[[list[str], psutil.Process], bool]], ...] = (
    ("broker", lambda words, _p: any("valkey-server" in word for word in words)),
    ("supervisor", _has("supervisor")),
    ("coordinator", _has("coordinator")),
    ("guardian", _has("guardian")),
    ("runner", lambda words, p: _is_agent(words) and _is_agent(_parent_words(p))),
    ("warm parent", lambda words, _p: _is_agent(words)),
    ("pool child", lambda words, p: "worker" in words and "worker" in _parent_words(p)),
    ("worker", _has("worker")),
)
