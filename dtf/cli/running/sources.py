"""Makes the source of a run: the directory itself, or a bundle of it."""

import tempfile
from pathlib import Path

from dtf.domain.ports.blobs import Blobs
from dtf.domain.source import Source, SourceKind


def in_place(root: Path, subdirectory: str) -> Source:
    """The directory itself; for workers that share it."""
    return Source(kind=SourceKind.PATH, location=str(root), subdirectory=subdirectory)


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
