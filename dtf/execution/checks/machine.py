"""Looks whether work can be carried out on this machine: ``python -P -m dtf.execution.checks.machine DIRECTORY``.

It computes, forks a process, and writes and reads back a file in the directory. One line of JSON is printed.
"""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dtf.execution.checks.cpu import check_cpu

#: After so many seconds the process ends itself, should nobody be there any more to end it.
_LAST_RESORT_S = 120
_SIZE = 64 * 1024


def check_machine(directory: Path) -> str:
    """Compute, fork, and write a file.

    Args:
        directory: Where work keeps its files.

    Returns:
        What is wrong; empty: nothing.
    """
    return check_cpu() or _fork() or _write(directory)


def _fork() -> str:
    try:
        pid = os.fork()
    except OSError as error:
        return f"no process can be forked: {error.strerror}"
    if pid == 0:
        os._exit(0 if not check_cpu() else 1)
    _, status = os.waitpid(pid, 0)
    return "" if status == 0 else f"a forked process ended with {os.waitstatus_to_exitcode(status)}"


def _write(directory: Path) -> str:
    content = os.urandom(_SIZE)
    try:
        with tempfile.TemporaryDirectory(prefix="canary-", dir=directory) as place:
            path = Path(place) / "file"
            with path.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            found = path.read_bytes()
    except OSError as error:
        return f"no file can be written in the scratch directory: {error.strerror}"
    return "" if found == content else "a file in the scratch directory is not what was written"


def main(arguments: Sequence[str]) -> int:
    """Print what came of it."""
    signal.alarm(_LAST_RESORT_S)
    reason = check_machine(Path(arguments[0]))
    sys.stdout.write(json.dumps({"reason": reason} if reason else {}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
