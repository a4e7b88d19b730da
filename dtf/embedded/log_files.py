"""The log files of the cluster's processes."""

import logging
import os
import shutil
from pathlib import Path

_LOG = logging.getLogger(__name__)

_LARGEST_BYTES = 10 * 2**20
_TAIL_BYTES = 8192


class LogFiles:
    """One file per process name, appended to, and moved aside when it has grown too large.

    The processes keep their files open for as long as they live, so a file is copied aside and cut, not renamed.

    Attributes:
        directory: Where the files are.
        largest_bytes: A file that is larger is rotated.
    """

    def __init__(self, directory: Path, largest_bytes: int = _LARGEST_BYTES) -> None:
        self.directory = directory
        self.largest_bytes = largest_bytes

    def path(self, name: str) -> Path:
        """The file of a process."""
        return self.directory / f"{name}.log"

    def open(self, name: str) -> int:
        """Open the file of a process for appending.

        Returns:
            A descriptor that the caller closes.

        Raises:
            OSError: The file cannot be opened.
        """
        return os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def rotate(self) -> None:
        """Move aside what is too large; one older file is kept."""
        for path in self.directory.glob("*.log"):
            try:
                self._rotate(path)
            except OSError as error:
                _LOG.warning("rotate-log file=%s error=%s", path, error)

    def tail(self, name: str, lines: int = 5) -> str:
        """The last lines of a file, for a message; empty when there are none."""
        try:
            with self.path(name).open("rb") as file:
                file.seek(max(file.seek(0, os.SEEK_END) - _TAIL_BYTES, 0))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])

    def _rotate(self, path: Path) -> None:
        if path.stat().st_size <= self.largest_bytes:
            return
        try:
            shutil.copyfile(path, path.with_suffix(".log.1"))
        finally:
            os.truncate(path, 0)  # a full disk must not keep the log growing
