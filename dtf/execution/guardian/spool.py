"""Results on disk until the ledger has them."""

import base64
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dtf.domain.codec import from_json, to_json
from dtf.domain.errors import BadInputError
from dtf.domain.shard import AttemptResult, Disposition
from dtf.execution.files import remove_tree, write_durably

log = logging.getLogger(__name__)

_SUFFIX = ".json"
_FILES = ".files"
_REFUSED = ".refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolEntry:
    """A result that is to be recorded.

    Attributes:
        result: The result, without its artifacts.
        disposition: What becomes of the shard.
        log: Pieces of the log that the ledger does not have, as (sequence number, bytes in base 64).
        files: Artifacts, as (name, file in the entry's directory).
    """

    result: AttemptResult
    disposition: Disposition
    log: tuple[tuple[int, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()

    def log_pieces(self) -> Iterator[tuple[int, bytes]]:
        """The pieces of the log."""
        for sequence, text in self.log:
            yield sequence, base64.b64decode(text)


def encode_pieces(pieces: list[tuple[int, bytes]]) -> tuple[tuple[int, str], ...]:
    """Pieces of a log as an entry keeps them."""
    return tuple((sequence, base64.b64encode(data).decode("ascii")) for sequence, data in pieces)


class Spool:
    """Results on disk until the ledger has them: one file each, and a directory for its artifacts."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def path(self, shard_id: str, attempt: int) -> Path:
        """The file of an attempt's entry."""
        return self._directory / f"{shard_id}-{attempt}{_SUFFIX}"

    def files(self, path: Path) -> Path:
        """The directory of the artifacts that belong to an entry's file."""
        return path.with_suffix(_FILES)

    def save(self, entry: SpoolEntry) -> Path:
        """Write an entry so that it survives a crash; return its file."""
        path = self.path(entry.result.shard_id, entry.result.attempt)
        write_durably(path, json.dumps(to_json(entry)).encode("utf-8"))
        return path

    def load(self, path: Path) -> SpoolEntry | None:
        """Read an entry; one that cannot be read is set aside and reported."""
        try:
            return from_json(SpoolEntry, json.loads(path.read_bytes()))
        except (BadInputError, ValueError):
            log.exception("the spooled result %s cannot be read and is set aside", path)
            self.refuse(path)
            return None

    def pending(self) -> list[Path]:
        """The files of all entries, oldest first."""
        return sorted(self._directory.glob("*" + _SUFFIX), key=lambda path: path.stat().st_mtime)

    def refuse(self, path: Path) -> None:
        """Set an entry aside that nothing can be done with; it is kept for people."""
        if path.exists():
            path.replace(path.with_suffix(_REFUSED))

    def remove(self, path: Path) -> None:
        """Forget an entry that was recorded, with its files."""
        path.unlink(missing_ok=True)
        remove_tree(self.files(path))
