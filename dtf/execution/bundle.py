"""A directory as one file that is the same wherever it is packed."""

import gzip
import hashlib
import io
import logging
import os
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

from dtf.domain.errors import SourceError

log = logging.getLogger(__name__)

#: 1980-01-02: a constant, and late enough for the zip files that some build tools make of a source.
_MTIME = 315619200
_GIT_LIMIT_S = 120.0
_NAMED = 5
_CHUNK = 2**20

#: What no source consists of; for directories that are not in git.
_LEFT_OUT = frozenset((".git", ".hg", ".svn", ".venv", "venv", "__pycache__", "node_modules", ".tox", ".nox", ".eggs"))
_CACHE = "_cache"  # as in .pytest_cache, .mypy_cache, .ruff_cache


def pack(directory: Path, destination: Path, cap: int) -> str:
    """Pack what git does not ignore below a directory; everything but caches where there is no git.

    Equal files make equal archives: names are sorted, owners and times are constant.

    Args:
        directory: What to pack.
        destination: The archive, a gzipped tar; overwritten.
        cap: The most bytes that it may have.

    Returns:
        Its digest, ``sha256:<hex>``.

    Raises:
        SourceError: It cannot be read, or is larger than the cap; the message names the largest files.
    """
    if not directory.is_dir():
        raise SourceError(f"{directory} is not a directory")
    names = sorted(set(_git_names(directory) or _all_names(directory)))
    digest = _DigestWriter(destination, cap)
    try:
        with (
            digest,
            gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=digest, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            for name in names:
                _add(archive, directory, name)
    except _CapReachedError:
        destination.unlink(missing_ok=True)
        raise SourceError(_too_large(directory, names, cap)) from None
    except OSError as error:
        destination.unlink(missing_ok=True)
        raise SourceError(f"{directory} cannot be packed: {error}") from error
    return digest.digest


def unpack(archive: Path, destination: Path) -> None:
    """Unpack into a new directory; nothing gets out of it.

    Raises:
        SourceError: It is damaged, or holds absolute names, names with ``..``, links that lead out, or devices.
    """
    destination.mkdir()
    try:
        with gzip.open(archive) as packed:
            with tarfile.open(fileobj=packed, mode="r:") as opened:
                opened.extractall(destination, filter="data")
            while packed.read(_CHUNK):  # to the end, where the checksum stands
                continue
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise SourceError(f"the source bundle cannot be unpacked: {error}") from error


class _CapReachedError(Exception):
    pass


class _DigestWriter(io.RawIOBase):
    """Writes a file, weighs it and takes its digest."""

    def __init__(self, path: Path, cap: int) -> None:
        super().__init__()
        self._file = path.open("wb")
        self._state = hashlib.sha256()
        self._left = cap

    @property
    def digest(self) -> str:
        return "sha256:" + self._state.hexdigest()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]  # the base class names no buffer type
        self._left -= view.nbytes
        if self._left < 0:
            raise _CapReachedError
        self._state.update(view)
        return self._file.write(view)

    def close(self) -> None:
        self._file.close()
        super().close()


def _add(archive: tarfile.TarFile, directory: Path, name: str) -> None:
    path = directory / name
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:  # in git's index and deleted, or gone meanwhile
        return
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode)):
        log.warning("%s is left out: it is neither a file, nor a directory, nor a link", path)
        return
    if stat.S_ISLNK(mode) and not _leads_inside(directory, path):
        log.warning("%s is left out: the link leads out of the directory", path)
        return
    info = _info(name, path, mode)
    if info.isreg():
        with path.open("rb") as file:
            archive.addfile(info, file)
    else:
        archive.addfile(info)


def _info(name: str, path: Path, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mtime = _MTIME
    info.mode = 0o755 if stat.S_ISDIR(mode) or mode & stat.S_IXUSR else 0o644
    if stat.S_ISDIR(mode):
        info.type = tarfile.DIRTYPE
    elif stat.S_ISLNK(mode):
        info.type, info.linkname = tarfile.SYMTYPE, str(path.readlink())
    else:
        info.size = path.stat().st_size
    return info


def _leads_inside(directory: Path, link: Path) -> bool:
    target = link.readlink()
    reached = Path(os.path.normpath(link.parent / target))
    return not target.is_absolute() and reached.is_relative_to(os.path.normpath(directory))


def _git_names(directory: Path, prefix: str = "") -> list[str]:
    """The files that git knows or would add; none where git does not answer."""
    # files of another owner are read, not run: git's own distrust of them would only hide the ignore rules
    command = ("git", "-c", "safe.directory=*", "-C", str(directory), "ls-files", "-zco", "--exclude-standard")
    try:
        answer = subprocess.run(command, capture_output=True, timeout=_GIT_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        log.info("%s: git does not answer (%s), all files are taken", directory, error)
        return []
    if answer.returncode != 0:
        return []
    names: list[str] = []
    for name in os.fsdecode(answer.stdout).split("\0"):
        if not name:
            continue
        path = directory / name
        if path.is_dir() and not path.is_symlink():  # a submodule, or a repository inside
            names += _git_names(path, f"{prefix}{name.rstrip('/')}/")
        else:
            names.append(prefix + name)
    return names


def _all_names(directory: Path) -> Iterator[str]:
    for parent, folders, files in os.walk(directory):
        folders[:] = [name for name in folders if name not in _LEFT_OUT and not _is_cache(name)]
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for name in (*files, *links):
            yield Path(parent, name).relative_to(directory).as_posix()
        if parent != str(directory) and not files and not folders:
            yield Path(parent).relative_to(directory).as_posix()


def _is_cache(name: str) -> bool:
    return name.startswith(".") and name.endswith(_CACHE)


def _too_large(directory: Path, names: list[str], cap: int) -> str:
    sizes = sorted(((_size(directory / name), name) for name in names), reverse=True)[:_NAMED]
    largest = ", ".join(f"{name} ({size / 2**20:.1f} MiB)" for size, name in sizes)
    return f"{directory} makes a bundle of more than {cap / 2**20:.1f} MiB; the largest files are {largest}"


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
