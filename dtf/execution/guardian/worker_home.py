"""The guardian's directories, and those of dead guardians."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from dtf.execution.files import remove_tree

_LOCK = "lock"


class WorkerHome:
    """A worker's own places below a root that many workers may share.

    A guardian holds a lock on its spool while it lives; a spool whose lock is free was left by a dead one, and
    whoever takes the lock may deliver what it holds.

    Attributes:
        spool: Results that are not recorded yet.
        scratch: The directories of running attempts.
    """

    def __init__(self, root: Path, worker_id: str) -> None:
        self._root = root
        self.spool = root / "spool" / worker_id
        self.scratch = root / "scratch" / worker_id
        self._descriptor: int | None = None

    def open(self) -> None:
        """Make the directories, take the lock, and clear what an earlier guardian was working on.

        Raises:
            OSError: They cannot be made, or another guardian of this worker lives.
        """
        self.spool.mkdir(parents=True, exist_ok=True)
        self._descriptor = _lock(self.spool)
        if self._descriptor is None:
            raise BlockingIOError(f"another guardian holds {self.spool}")
        if self.scratch.exists():
            remove_tree(self.scratch)
        self.scratch.mkdir(parents=True)

    def abandoned(self) -> Iterator[Path]:
        """The spools of dead guardians, each locked while the caller works on it, then removed if it is empty."""
        for place in sorted(self.spool.parent.iterdir()):
            if place == self.spool or not place.is_dir():
                continue
            try:
                descriptor = _lock(place)
            except FileNotFoundError:  # another guardian was faster
                continue
            if descriptor is None:
                continue
            try:
                yield place
                if [item.name for item in place.iterdir()] == [_LOCK]:
                    remove_tree(place)
                    remove_tree(self._root / "scratch" / place.name)
            finally:
                os.close(descriptor)

    def close(self) -> None:
        """Give the lock back; an empty spool is removed."""
        remove_tree(self.scratch)
        if [item.name for item in self.spool.iterdir()] == [_LOCK]:
            remove_tree(self.spool)
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _lock(place: Path) -> int | None:
    descriptor = os.open(place / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
