"""One supervisor per state directory."""

import contextlib
import errno
import fcntl
import os
import time
from threading import Event

from dtf.domain.errors import ClusterError
from dtf.embedded.channel import Channel
from dtf.embedded.state_directory import StateDirectory

_RETRY_S = 0.01
_LONGEST_CONTENT = 4096


class ClusterLock:
    """A file lock that its holder's death releases; the file's content is the path of the holder's control socket.

    Attributes:
        directory: The state directory.
    """

    def __init__(self, directory: StateDirectory) -> None:
        self.directory = directory
        self._descriptor = -1

    def acquire(self, timeout_s: float) -> bool:
        """Take the lock, waiting for a holder that is stopping.

        Args:
            timeout_s: How long to wait for a holder that neither answers nor goes, in seconds.

        Returns:
            False when another supervisor holds the lock and answers.

        Raises:
            ClusterError: The lock file cannot be used, or its holder neither answers nor goes.
        """
        deadline = time.monotonic() + timeout_s
        while not self._try():
            if control_is_answered(self.directory):
                return False
            if time.monotonic() > deadline:
                raise ClusterError(f"another process holds {self.directory.lock} and does not answer")
            Event().wait(_RETRY_S)
        return True

    def publish(self, control: str) -> None:
        """Write down where the holder listens.

        Raises:
            ClusterError: The file cannot be written to.
        """
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, os.fsencode(control), 0)
        except OSError as error:
            raise self.directory.unusable(error) from error

    @property
    def is_ours(self) -> bool:
        """Whether the file in the directory still is the locked one: directories get removed under running programs."""
        try:
            found, held = self.directory.lock.stat(), os.fstat(self._descriptor)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == (held.st_dev, held.st_ino)

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _try(self) -> bool:
        try:
            descriptor = os.open(self.directory.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self.directory.unusable(error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES):
                return False
            raise self.directory.unusable(error) from error
        self._descriptor = descriptor
        if not self.is_ours:  # removed between open and flock
            self.release()
            return False
        return True


def control_path(directory: StateDirectory) -> str:
    """Where the last supervisor of a state directory listened, dead or alive; empty: there was none."""
    with contextlib.suppress(OSError), directory.lock.open("rb") as file:
        return os.fsdecode(file.read(_LONGEST_CONTENT))
    return ""


def control_is_answered(directory: StateDirectory) -> bool:
    """Whether a supervisor listens for this state directory."""
    path = control_path(directory)
    if not path:
        return False
    try:
        Channel.connect(path, timeout_s=1.0).close()
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    except OSError:  # somebody is there and has no time
        return True
    return True
