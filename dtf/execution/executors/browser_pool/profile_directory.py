"""Where a browser keeps what it writes, for as long as it lives."""

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

_PREFIX = "dtf-browser-"
#: One that is younger may not be locked yet, in seconds.
_YOUNG_S = 60.0


class ProfileDirectory:
    """A temporary directory for one browser: profiles, sockets, downloads.

    A browser that is killed removes nothing, so the guardian does. A lock says that it still cares; directories of
    guardians that were killed themselves are removed by the next one. Paths are short, as sockets lie below.

    Attributes:
        path: The directory.
    """

    def __init__(self) -> None:
        _sweep(Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._descriptor)


def _sweep(directory: Path) -> None:
    """Remove what nobody cares for any more."""
    for path in directory.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another's, or gone by now
            _remove_if_left(path)


def _remove_if_left(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        old = time.time() - os.fstat(descriptor).st_mtime > _YOUNG_S
        if old:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(descriptor)
