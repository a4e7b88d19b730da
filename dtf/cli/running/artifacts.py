"""Brings a run's artifacts out of the ledger."""

from collections.abc import Sequence
from pathlib import Path

from dtf.domain.errors import BadInputError
from dtf.domain.ports.blobs import Blobs
from dtf.domain.shard import Artifact

#: Where an artifact comes from: the shard, the number of its attempt, and the file.
Kept = tuple[str, int, Artifact]


def fetch_artifacts(blobs: Blobs, artifacts: Sequence[Kept], directory: Path) -> list[Path]:
    """Write every artifact to ``<directory>/<shard>.<attempt>/<name>``.

    Raises:
        BadInputError: A file cannot be written, or its name leads elsewhere.
        UnknownRecordError: A content is no longer stored.
    """
    written = []
    for shard_id, attempt, artifact in artifacts:
        top = directory / f"{shard_id}.{attempt}"
        target = top / artifact.name
        if not target.resolve().is_relative_to(top.resolve()):  # a name comes from whoever ran the test
            raise BadInputError(f"the artifact {artifact.name!r} of shard {shard_id} would be written outside of {top}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            blobs.fetch(artifact.digest, target)
        except OSError as error:
            raise BadInputError(f"{target}: {error.strerror}") from error
        written.append(target)
    return written
