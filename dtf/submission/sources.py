"""Makes the source of a run: the directory itself, a bundle of it, or a commit that the workers fetch."""

import tempfile
from pathlib import Path

from dtf.domain.errors import SourceError
from dtf.domain.ports.blobs import Blobs
from dtf.domain.source import Source, SourceKind
from dtf.submission.git import state


def in_place(root: Path, subdirectory: str) -> Source:
    """The directory itself; for workers that share it."""
    return Source(kind=SourceKind.PATH, location=str(root), subdirectory=subdirectory)


def checked_out(root: Path, subdirectory: str, url: str) -> Source:
    """The commit that is checked out, for workers that fetch it from a repository.

    Args:
        root: The top of the working tree.
        subdirectory: The working directory relative to it.
        url: The repository, as the workers reach it.

    Raises:
        SourceError: There is no commit, or tracked files differ from it: its result would not be theirs.
    """
    tree = state(root)
    if tree is None or not tree.revision:
        raise SourceError(f"--git: {root} is not a git working tree with a commit; leave --git out to pack the files")
    if tree.dirty:
        raise SourceError(f"--git: tracked files in {root} differ from the commit; commit them, or leave --git out")
    return Source(kind=SourceKind.GIT, location=url, revision=tree.revision, subdirectory=subdirectory)


def bundled(root: Path, subdirectory: str, blobs: Blobs, cap: int) -> Source:
    """What git does not ignore, packed and stored.

    Args:
        root: The directory.
        subdirectory: The working directory relative to it.
        blobs: Where the bundle is kept.
        cap: The most bytes that it may have.

    Raises:
        SourceError: It cannot be packed, or is too large.
        LedgerUnavailableError: It was not stored.
    """
    from dtf.execution.bundle import pack  # noqa: PLC0415  # only needed where files travel

    with tempfile.TemporaryDirectory(prefix="dtf-bundle-") as folder:
        archive = Path(folder) / "source.tar.gz"
        digest = pack(root, archive, cap)
        if not blobs.has(digest):
            blobs.put(archive)
    return Source(kind=SourceKind.BUNDLE, location=digest, subdirectory=subdirectory)
