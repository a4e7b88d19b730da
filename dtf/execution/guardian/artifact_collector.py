"""Gathers the files that an attempt leaves."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

_COUNT_CAP = 10_000


@dataclass(slots=True, kw_only=True)
class ArtifactCollector:
    """Gathers the files that an attempt leaves into one directory, up to a cap.

    Attributes:
        destination: The directory; made when there is something to keep.
        cap: The most bytes that are kept.
        note: Told about what is left out.
        kept: As (name, file in ``destination``).
    """

    destination: Path
    cap: int
    note: Callable[[str], None]
    kept: list[tuple[str, str]] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)
    _size: int = 0

    def collect(self, artifacts: Path, workdir: Path, patterns: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Gather all below ``artifacts``, and what the patterns match below ``workdir``."""
        for path in _files_below(artifacts):
            self._keep(path, path.relative_to(artifacts))
        for pattern in patterns:
            for path in self._matches(workdir, pattern):
                self._keep(path, path.relative_to(workdir))
        return tuple(self.kept)

    def _matches(self, workdir: Path, pattern: str) -> Iterator[Path]:
        if pattern.startswith("/") or ".." in PurePosixPath(pattern).parts:
            self.note(f"the artifact pattern {pattern!r} leads out of the working directory and is left out")
            return
        try:
            found = sorted(workdir.glob(pattern))
        except (ValueError, NotImplementedError, OSError) as error:
            self.note(f"the artifact pattern {pattern!r} cannot be used: {error}")
            return
        if not found:
            self.note(f"the artifact pattern {pattern!r} matches nothing")
        for path in found:
            # a link counts for what it leads to, as long as that is inside
            if path.resolve().is_relative_to(workdir.resolve()):
                yield from _files_below(path) if path.is_dir() else (path,)
            else:
                self.note(f"the artifact {path.name!r} is left out: the link leads out of the working directory")

    def _keep(self, path: Path, relative: Path) -> None:
        name = relative.as_posix()
        if name in self._names:
            return
        try:
            info = path.stat()
            if not stat.S_ISREG(info.st_mode):
                self.note(f"the artifact {name!r} is left out: it is not a regular file")
            elif self._size + info.st_size > self.cap:
                self.note(f"the artifact {name!r} ({info.st_size} bytes) is left out: more than {self.cap} in all")
            elif len(self.kept) >= _COUNT_CAP:
                self.note(f"the artifact {name!r} is left out: there are more than {_COUNT_CAP}")
            else:
                self._copy(path, name)
                self._size += info.st_size
        except OSError as error:
            self.note(f"the artifact {name!r} is left out: {error}")

    def _copy(self, path: Path, name: str) -> None:
        self.destination.mkdir(parents=True, exist_ok=True)
        stored = str(len(self.kept))
        shutil.copyfile(path, self.destination / stored)
        self._names.add(name)
        self.kept.append((name, stored))


def _files_below(directory: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(directory):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            if not path.is_symlink():
                yield path
