"""Starts processes under the guardian's care."""

import asyncio
import itertools
import os
import subprocess
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from dtf.execution.processes.ending import Finder, end_processes, kill_processes
from dtf.execution.processes.managed_process import ManagedProcess
from dtf.execution.processes.owner_token import OWNER_VARIABLE, SLOT_VARIABLE, OwnerToken, slot_of, slot_token
from dtf.processes.libc import death_signal_armer
from dtf.processes.process_table import (
    ProcessEntry,
    ProcessId,
    descendants,
    identify,
    read_environment,
    read_table,
    resident_bytes,
)
from dtf.processes.reaper import Reaper

#: What is killed leaves orphans in its turn; after so many rounds what is left is stuck in the kernel.
_STRAY_ROUNDS = 5
_MARKS = frozenset((OWNER_VARIABLE, SLOT_VARIABLE))


class GuardianSpawner:
    """Starts processes, each with a mark of its own in the environment, and finds their trees again.

    This process is a subreaper, so everything that was started here stays its descendant, however often it forked and
    whichever session it opened. A tree is therefore what lies below a process, and those of this process's
    descendants that carry the tree's mark.
    """

    def __init__(self, worker_id: str, reaper: Reaper) -> None:
        self.owner = OwnerToken(worker_id=worker_id, guardian=identify(os.getpid()))
        self._reaper = reaper
        self._serials = itertools.count(1)
        self._arm = death_signal_armer()
        self._roots: dict[str, int] = {}

    async def spawn(
        self,
        argv: tuple[str, ...],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        stdout: int,
        stderr: int,
        pass_fds: tuple[int, ...] = (),
        slot: int | None = None,
    ) -> ManagedProcess:
        """Start ``argv`` in a session of its own, with a death signal and the owner's token set.

        The arguments are those of ``dtf.domain.ports.executor.Spawner``; standard input is empty.

        Raises:
            OSError: It could not be started.
            ValueError: An argument holds a NUL.
        """
        token = slot_token(slot, next(self._serials))
        # no thread: the death signal fires when the thread that forked ends
        process = subprocess.Popen(  # noqa: ASYNC220  # it returns when the child execs, in milliseconds
            argv,
            cwd=cwd,
            env={**environment, OWNER_VARIABLE: str(self.owner), SLOT_VARIABLE: token},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            pass_fds=pass_fds,
            start_new_session=True,
            preexec_fn=self._arm,  # noqa: PLW1509  # one library call, loaded beforehand
        )
        ended = self._reaper.expect(process.pid)
        process.returncode = 0  # the reaper waits for it, not this object
        self._roots = {mark: pid for mark, pid in self._roots.items() if self._reaper.is_expected(pid)}
        self._roots[token] = process.pid
        return ManagedProcess(process.pid, token, ended, self._tree_finder)

    async def end_slot(self, slot: int, grace_s: float = 0.0) -> int:
        """End every process that belongs to a slot; return how many there were."""
        return await end_processes(self._finder(lambda token: slot_of(token) == slot, 0), grace_s)

    def pids_of(self, slots: Collection[int], roots: Collection[int] = ()) -> frozenset[int]:
        """The processes that belong to slots, and what lies below ``roots``; it reads all of ``/proc``."""
        table = read_table()
        ours = descendants(table, (os.getpid(),))
        found = {pid for pid in ours if pid in roots or slot_of(self._mark_of(pid)) in slots}
        return frozenset(found | descendants(table, found))

    def memory_of_slots(self) -> dict[int, int]:
        """The resident memory of each slot's processes in bytes; it reads all of ``/proc``.

        What hides its mark counts for the slot of what started it.
        """
        table = read_table()
        found: dict[int, int] = {}
        for pid in descendants(table, (os.getpid(),)):
            slot = self._slot_above(table, pid)
            if slot is not None:
                found[slot] = found.get(slot, 0) + resident_bytes(pid)
        return found

    async def end_everything(self, grace_s: float = 0.0) -> int:
        """End every descendant, with or without a mark; return how many there were."""
        return await end_processes(self._everything, grace_s)

    async def kill_strays(self) -> None:
        """Kill adopted orphans that hide their mark, or whose tree has lost its root, with all that lies below them.

        To be called while nothing runs: what hides its mark cannot be told apart by slot.
        """
        for _ in range(_STRAY_ROUNDS):
            hidden = await asyncio.to_thread(self._stray_orphans)
            # back in the main thread no spawn is half done: what is not expected now was not started here
            strays = {pid for pid in hidden if not self._reaper.is_expected(pid)}
            if not strays:
                return
            await kill_processes(lambda roots=strays: _subtree(roots))  # type: ignore[misc]  # bound now

    def _tree_finder(self, root: int, token: str) -> Finder:
        return self._finder(lambda found: found == token, root)

    def _finder(self, matches: Callable[[str], bool], root: int) -> Finder:
        def find() -> set[ProcessId]:
            table = read_table()
            ours = descendants(table, (os.getpid(),))
            marked = {pid for pid in ours if matches(self._mark_of(pid))}
            if root in ours:
                marked.add(root)
            return _living(table, marked | descendants(table, marked))

        return find

    def _mark_of(self, pid: int) -> str:
        marks = read_environment(pid, _MARKS)
        # a guardian that itself runs under dtf carries another guardian's marks
        return marks.get(SLOT_VARIABLE, "") if marks.get(OWNER_VARIABLE) == str(self.owner) else ""

    def _slot_above(self, table: Mapping[int, ProcessEntry], pid: int) -> int | None:
        """The slot that a process or the nearest one above it is marked for."""
        here = os.getpid()
        while pid != here and pid in table:
            if mark := self._mark_of(pid):
                return slot_of(mark)
            pid = table[pid].parent
        return None

    def _everything(self) -> set[ProcessId]:
        table = read_table()
        return _living(table, descendants(table, (os.getpid(),)))

    def _stray_orphans(self) -> set[int]:
        table = read_table()
        here = os.getpid()
        adopted = (pid for pid, entry in table.items() if entry.parent == here and entry.alive)
        return {pid for pid in adopted if not self._reaper.is_expected(pid) and not self._has_root(self._mark_of(pid))}

    def _has_root(self, mark: str) -> bool:
        root = self._roots.get(mark)
        return root is not None and self._reaper.is_expected(root)


def _subtree(roots: Collection[int]) -> set[ProcessId]:
    table = read_table()
    here = os.getpid()
    below = {pid for pid in roots if pid in table and table[pid].parent == here}
    return _living(table, below | descendants(table, below))


def _living(table: Mapping[int, ProcessEntry], pids: set[int]) -> set[ProcessId]:
    return {table[pid].identity for pid in pids if pid in table and table[pid].alive}
