"""Finds what dead guardians left behind."""

import os

from dtf.execution.processes.owner_token import OWNER_VARIABLE, OwnerToken
from dtf.processes.process_table import (
    ProcessId,
    descendants,
    is_alive,
    read_environment,
    read_table,
    same_pid_namespace,
)

_OWNER_ONLY = frozenset((OWNER_VARIABLE,))


def find_leftovers() -> set[ProcessId]:
    """The processes on this machine that a dead guardian answers for, with all that lies below them.

    A process without dtf's token is touched only as the descendant of one that has it. Other users' processes and
    those of another pid namespace (where the pid in a token means something else) are left alone. An earlier guardian
    of the same worker is dead, as it held the lock on the spool that the caller holds now.
    """
    table = read_table()
    here = os.getpid()
    spared = {here} | descendants(table, (here,))
    marked = set()
    for pid in table:
        token = OwnerToken.parse(read_environment(pid, _OWNER_ONLY).get(OWNER_VARIABLE, ""))
        if token and pid not in spared and not is_alive(token.guardian) and same_pid_namespace(pid):
            marked.add(pid)
    found = (marked | descendants(table, marked)) - spared - _ancestors_of(here)
    return {table[pid].identity for pid in found if pid in table and table[pid].alive}


def _ancestors_of(pid: int) -> set[int]:
    table = read_table()
    ancestors = set()
    while (entry := table.get(pid)) and entry.parent:
        pid = entry.parent
        ancestors.add(pid)
    return ancestors
