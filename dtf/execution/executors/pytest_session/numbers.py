"""The numbers of the processes that run tests on a host: the N in ``gwN``."""

import fcntl
import os
import tempfile
from pathlib import Path

_LIMIT = 10_000


class WorkerNumber:
    """A number that no other running slot of this user on this host has.

    Suites made for pytest-xdist derive ports and database names from it, so two workers on one host must not
    both be ``gw0``. It is a lock on a file: the kernel frees it when its holder dies, however that happens.

    Attributes:
        value: The number, the lowest that was free.
    """

    def __init__(self, directory: Path | None = None) -> None:
        directory = directory or Path(tempfile.gettempdir()) / f"dtf-slots-{os.getuid()}"
        directory.mkdir(mode=0o700, exist_ok=True)
        if directory.stat().st_uid != os.getuid():
            raise PermissionError(f"{directory} belongs to another user")
        self.value, self._descriptor = _lock_lowest(directory)

    def release(self) -> None:
        """Give the number back."""
        os.close(self._descriptor)


def _lock_lowest(directory: Path) -> tuple[int, int]:
    for number in range(_LIMIT):
        descriptor = os.open(directory / str(number), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        return number, descriptor
    raise OSError(f"all {_LIMIT} slot numbers below {directory} are taken")
