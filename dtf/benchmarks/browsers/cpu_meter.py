"""The processor time of a process with all that ran below it."""

import os
from pathlib import Path

from dtf.processes.process_table import ProcessId, descendants, read_table

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class CpuMeter:
    """The processor time of a process with all that ran below it.

    What ended keeps the time that it had when it was seen last: whoever wants little of it to be lost reads often.

    Args:
        root: The process.
    """

    def __init__(self, root: int) -> None:
        self._root = root
        self._used: dict[ProcessId, int] = {}

    def read(self) -> float:
        """Seconds of user and system time until now; it reads all of ``/proc``."""
        table = read_table()
        for pid in (self._root, *descendants(table, (self._root,))):
            if pid in table and (ticks := _ticks(pid)) is not None:
                self._used[table[pid].identity] = ticks
        return sum(self._used.values()) / _TICKS_PER_S


def _ticks(pid: int) -> int | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:  # it has ended meanwhile
        return None
    # the name in brackets may hold blanks and brackets
    fields = text[text.rindex(b")") + 2 :].split()
    return int(fields[11]) + int(fields[12])
