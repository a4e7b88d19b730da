"""Where bundles and artifacts are kept, named by their content."""

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

    def has(self, digest: str) -> bool:
        """Whether it is stored."""
        ...
