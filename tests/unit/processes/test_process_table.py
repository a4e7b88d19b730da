import os
from dataclasses import replace

import pytest

from dtf.execution.processes.ending import send_signal
from dtf.processes.process_table import (
    ProcessEntry,
    ProcessId,
    descendants,
    identify,
    is_alive,
    read_environment,
    read_table,
    same_pid_namespace,
)


def _entry(pid: int, parent: int) -> ProcessEntry:
    return ProcessEntry(identity=ProcessId(pid=pid, start_ticks=1), parent=parent, alive=True)


def test_descendants_are_found_over_generations() -> None:
    """Children of children are found, the roots and strangers are not."""
    table = {pid: _entry(pid, parent) for pid, parent in ((2, 1), (3, 2), (4, 3), (5, 1), (6, 5))}
    assert descendants(table, (2,)) == {3, 4}
    assert descendants(table, (2, 5)) == {3, 4, 6}
    assert descendants(table, (9,)) == set()


def test_this_process_is_in_the_table() -> None:
    """The table has this process with its parent."""
    entry = read_table()[os.getpid()]
    assert (entry.parent, entry.alive) == (os.getppid(), True)
    assert same_pid_namespace(os.getpid())


def test_a_reused_pid_is_another_process() -> None:
    """A process that started at another time is not alive, and is never signalled."""
    own = identify(os.getpid())
    earlier = replace(own, start_ticks=own.start_ticks - 1)
    assert is_alive(own)
    assert not is_alive(earlier)
    assert not send_signal(earlier, 9)
    assert send_signal(own, 0)


def test_a_missing_process_is_told() -> None:
    """Nobody is identified by a pid that nobody has."""
    missing = 2**22 + 1  # beyond the kernel's largest
    with pytest.raises(ProcessLookupError):
        identify(missing)
    assert read_environment(missing, frozenset(("PATH",))) == {}
    assert not same_pid_namespace(missing)
