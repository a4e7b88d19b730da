"""Where a job's files come from."""

from dataclasses import dataclass
from enum import StrEnum


class SourceKind(StrEnum):
    """The ways in which source travels."""

    #: A directory that client and worker share; used in place.
    PATH = "path"
    #: A tar archive in the ledger's blob store, named by its SHA-256.
    BUNDLE = "bundle"
    #: A revision of a git repository that the worker can reach.
    GIT = "git"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the files of a job come from.

    Attributes:
        kind: The way they travel.
        location: The absolute path, the bundle's digest (``sha256:<hex>``), or the repository's URL.
        revision: The commit of a git source, in full; empty otherwise.
        subdirectory: The working directory of the job, relative to the source's root (``.`` for the root).
    """

    kind: SourceKind
    location: str
    revision: str = ""
    subdirectory: str = "."

    @property
    def digest(self) -> str:
        """What tells two sources apart: equal digests mean equal files, except for paths."""
        return f"{self.kind}:{self.location}@{self.revision}"
