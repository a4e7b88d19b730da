"""Where bundles and artifacts are kept, named by their content."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol


class Blobs(Protocol):
    """Content-addressed files."""

    def put(self, path: Path) -> str:
        """Store a file and return ``sha256:<hex>``; storing it again changes nothing.

        Raises:
            LedgerUnavailableError: It was not stored.
        """
        ...

    def fetch(self, digest: str, destination: Path) -> None:
        """Write the content to a new file, verified against its digest.

        Raises:
            UnknownRecordError: There is no such blob.
        """
        ...

    def pieces(self, digest: str) -> Iterator[bytes]:
        """The content piece by piece, the last one only when all of it was verified against the digest.

        Raises:
            UnknownRecordError: There is no such blob.
            LedgerUnavailableError: What is stored is not what the digest says; the last piece was not given.
        """
        ...

    def has(self, digest: str) -> bool:
        """Whether it is stored."""
        ...
