"""The sources of jobs, materialised on this machine and kept by use."""

import asyncio
import fcntl
import hashlib
import logging
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from dtf.domain.errors import SourceError, UnknownRecordError
from dtf.domain.ports.blobs import Blobs
from dtf.domain.source import Source, SourceKind
from dtf.execution.bundle import unpack
from dtf.execution.files import remove_tree
from dtf.execution.git_checkout import GitCheckout

log = logging.getLogger(__name__)

_DRAFT = "draft-"
_LOCK = ".lock"
_POLL_S = 0.1
#: What is fetched for so long, in seconds, was left by a worker that died.
_DRAFT_LIFE_S = 3600.0


class SourceCache:
    """The sources of jobs, materialised on this machine and kept by use.

    A source appears under its name in one rename, so what is there is whole. Whoever uses one holds a shared lock on
    its lock file; the clean-up removes only what it can lock alone, least recently used first. Locks make this work
    over several workers with one directory, and are given back by the kernel when a worker dies.
    """

    def __init__(self, root: Path, blobs: Blobs, git: GitCheckout, *, count_cap: int, size_cap: int) -> None:
        self._root = root / "sources"
        self._blobs = blobs
        self._git = git
        self._count_cap = count_cap
        self._size_cap = size_cap

    @asynccontextmanager
    async def use(self, source: Source) -> AsyncIterator[tuple[Path, Path]]:
        """Materialise a source for as long as the block runs.

        Yields:
            Its root and the job's working directory.

        Raises:
            SourceError: It cannot be had, and that is the user's to put right.
            LedgerUnavailableError: It cannot be had now.
            SourceUnavailableError: The same, for the network.
        """
        if source.kind is SourceKind.PATH:
            yield _in_place(source)
            return
        place = self._root / _name_of(source)
        await asyncio.to_thread(self._root.mkdir, parents=True, exist_ok=True)
        lock = await self._hold(source, place)
        try:
            os.utime(lock)
            yield place, _subdirectory(place, source)
        finally:
            os.close(lock)

    async def _hold(self, source: Source, place: Path) -> int:
        """Lock a source for use, after fetching it where nobody has."""
        path = place.with_name(place.name + _LOCK)
        while True:
            lock = await _lock(path, fcntl.LOCK_SH)
            if await asyncio.to_thread(place.is_dir):
                return lock
            os.close(lock)
            lock = await _lock(path, fcntl.LOCK_EX)
            try:
                if not await asyncio.to_thread(place.is_dir):
                    await self._fetch(source, place)
            finally:
                os.close(lock)  # and once more: a lock cannot be weakened without letting it go

    async def _fetch(self, source: Source, place: Path) -> None:
        draft = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=_DRAFT, dir=self._root))
        try:
            content = draft / "content"
            if source.kind is SourceKind.GIT:
                await self._git.check_out(source.location, source.revision, content)
            else:
                await asyncio.to_thread(self._unpack, source.location, draft / "bundle.tar.gz", content)
            content.replace(place)
        finally:
            await asyncio.to_thread(remove_tree, draft)

    def _unpack(self, digest: str, archive: Path, content: Path) -> None:
        try:
            self._blobs.fetch(digest, archive)
        except UnknownRecordError as error:
            raise SourceError(f"the source bundle {digest} is not in the ledger: {error}") from error
        unpack(archive, content)

    async def clean(self) -> int:
        """Remove what was not used for longest, until the caps hold; return how many were removed."""
        return await asyncio.to_thread(self._clean)

    def _clean(self) -> int:
        if not self._root.is_dir():
            return 0
        self._remove_drafts()
        locks = sorted(self._root.glob("*" + _LOCK), key=lambda path: path.stat().st_mtime, reverse=True)
        size = removed = 0
        for position, path in enumerate(locks):
            place = path.with_name(path.name.removesuffix(_LOCK))
            size += _size_of(place)
            if position >= self._count_cap or size > self._size_cap:
                removed += _remove_unused(path, place)
        return removed

    def _remove_drafts(self) -> None:
        """Remove what a worker was fetching when it died."""
        oldest = time.time() - _DRAFT_LIFE_S
        for path in self._root.glob(_DRAFT + "*"):
            if path.stat().st_mtime < oldest:
                remove_tree(path)


async def _lock(path: Path, operation: int) -> int:
    """Wait for a lock; not in a thread, which nobody could call back."""
    while True:
        try:
            return _open_lock(path, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(_POLL_S)


def _remove_unused(lock: Path, place: Path) -> bool:
    try:
        descriptor = _open_lock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    try:
        if place.exists():
            # renamed first: nobody finds half a source
            doomed = place.with_name(_DRAFT + place.name)
            place.replace(doomed)
            remove_tree(doomed)
        lock.unlink(missing_ok=True)
        return True
    finally:
        os.close(descriptor)


def _open_lock(path: Path, operation: int) -> int:
    """Open and lock a lock file that stays the one under its name."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, operation)
            if path.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        except FileNotFoundError:  # the clean-up removed it meanwhile
            os.close(descriptor)
            continue
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _in_place(source: Source) -> tuple[Path, Path]:
    root = Path(source.location)
    if not root.is_dir():
        raise SourceError(f"the directory {source.location} is not on this worker; a bundle or a git source travels")
    return root, _subdirectory(root, source)


def _subdirectory(root: Path, source: Source) -> Path:
    place = (root / source.subdirectory).resolve()
    if not place.is_relative_to(root.resolve()):
        raise SourceError(f"the working directory {source.subdirectory!r} leads out of the source")
    if not place.is_dir():
        raise SourceError(f"the working directory {source.subdirectory!r} is not in the source")
    return place


def _name_of(source: Source) -> str:
    return f"{source.kind}-{hashlib.sha256(source.digest.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}"


def _size_of(place: Path) -> int:
    total = 0
    for parent, _, names in os.walk(place):
        for name in names:
            try:
                total += Path(parent, name).lstat().st_size
            except OSError:  # somebody is changing it; an estimate will do
                continue
    return total
