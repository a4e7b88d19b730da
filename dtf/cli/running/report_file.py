"""Where a report goes: a file, or standard output."""

import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from dtf.cli.terminal.output import Output
from dtf.domain.errors import BadInputError
from dtf.domain.escape import one_line


def check_report_path(path: Path) -> None:
    """See that a report can be written, before anything is run for it; leaves no file that was not there.

    Raises:
        BadInputError: It cannot; also where it is something else than a regular file, which might block.
    """
    is_new = not os.path.lexists(path)
    os.close(_open(path))
    if is_new:
        path.unlink(missing_ok=True)


def write_report(path: Path, pieces: Iterable[str]) -> None:
    """Write a report over whatever is in the file.

    Raises:
        BadInputError: It cannot be written.
    """
    try:
        with os.fdopen(_open(path), "w", encoding="utf-8", errors="backslashreplace") as file:
            file.truncate()
            file.writelines(pieces)
    except OSError as error:
        raise _refusal(path, error.strerror or str(error)) from error


def print_report(pieces: Iterable[str], output: Output) -> None:
    """Write a report to standard output, in the encoding that its format declares."""
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")  # what the XML declares, whatever the locale
    for piece in pieces:
        output.raw(piece)
        if output.closed:
            return


def _open(path: Path) -> int:
    """Open it without blocking on a FIFO that nobody reads."""
    try:
        if os.path.lexists(path) and path.exists() and not path.is_file():
            raise _refusal(path, f"it is {_kind(path.stat().st_mode)}, not a regular file")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    except (OSError, ValueError) as error:
        raise _refusal(path, getattr(error, "strerror", None) or str(error)) from error
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise _refusal(path, "it is not a regular file")


def _kind(mode: int) -> str:
    kinds = ((stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a FIFO"), (stat.S_ISSOCK, "a socket"))
    return next((name for test, name in kinds if test(mode)), "a device")


def _refusal(path: Path, reason: str) -> BadInputError:
    return BadInputError(f"the report {one_line(str(path), 200)!r} cannot be written: {reason}")
