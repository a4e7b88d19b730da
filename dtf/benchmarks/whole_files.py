"""Files that are written whole or not at all, and what is told where that cannot be done."""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from dtf.domain.errors import BadInputError


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Write to a file, or make a directory, inside.

    Raises:
        BadInputError: It cannot be done, as where a disk is full.
    """
    try:
        yield
    except OSError as error:
        raise BadInputError(
            f"{path} cannot be written: {error.strerror or error}; what stood there is as it was. Make room, or mend "
            "what is wrong there, and call the command again: finished runs are kept"
        ) from error


def write_whole(texts: Mapping[Path, str]) -> None:
    """Write files, all of them or none: until all of them are there in full, what stood in their places stays.

    Args:
        texts: What is to be in which file; the directories are there.

    Raises:
        BadInputError: One of them cannot be written.
    """
    parts = {file: file.with_name(f"{file.name}.part") for file in texts}
    try:
        for file, text in texts.items():
            with writing(file):
                if file.is_dir():  # it could not be replaced, when others were
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
                parts[file].write_text(text, encoding="utf-8")
        for file, part in parts.items():
            with writing(file):
                part.replace(file)
    finally:
        for part in parts.values():
            with suppress(OSError):  # most often it took its place; what went wrong is told already
                part.unlink()


def append_line(file: FileIO, line: str) -> None:
    """Add a line to a file that is open for appending, without a buffer: all of it, or nothing.

    Raises:
        BadInputError: It cannot be written.
    """
    left = memoryview(f"{line}\n".encode())
    end = file.seek(0, os.SEEK_END)
    with writing(Path(file.name)):
        try:
            while left:
                left = left[file.write(left) :]
        except OSError:
            file.truncate(end)
            raise
