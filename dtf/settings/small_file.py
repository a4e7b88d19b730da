"""Reads files that a user names, of which nothing is known."""

import os
import stat
from pathlib import Path


def read_small_file(path: Path, most_bytes: int) -> bytes:
    """The content of a regular file, without blocking on a FIFO and without reading a giant.

    Raises:
        OSError: It cannot be opened or read.
        ValueError: It is not a regular file, or is larger than ``most_bytes``.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ValueError(f"is {_kind(found.st_mode)}, not a regular file")
        content = stream.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ValueError(f"is larger than {most_bytes} bytes")
    return content


def _kind(mode: int) -> str:
    kinds = ((stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a FIFO"), (stat.S_ISSOCK, "a socket"))
    return next((name for test, name in kinds if test(mode)), "a device")
