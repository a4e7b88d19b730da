"""Artifacts come back under the names that tests gave them, and nowhere else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dtf.cli.running.artifacts import fetch_artifacts
from dtf.domain.errors import BadInputError
from dtf.domain.ports.blobs import Blobs
from dtf.domain.shard import Artifact


class StoredBlobs(Blobs):
    """Every content is its own digest."""

    def put(self, path: Path) -> str:
        """Nothing is stored here."""
        raise NotImplementedError

    def pieces(self, digest: str) -> Iterator[bytes]:
        """All of it at once."""
        yield digest.encode()

    def has(self, digest: str) -> bool:  # noqa: ARG002  # the port's signature
        """Everything is there."""
        return True

    def fetch(self, digest: str, destination: Path) -> None:
        """Write it."""
        destination.write_text(digest)


def test_each_attempt_has_a_directory(tmp_path: Path) -> None:
    """Files of one name from two attempts do not overwrite each other; a repeat gives the same files."""
    artifacts = [("s1", attempt, Artifact(name="a/b.txt", digest=f"sha256:{attempt}", size=1)) for attempt in (1, 2)]
    for _ in range(2):
        written = fetch_artifacts(StoredBlobs(), artifacts, tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in written] == ["s1.1/a/b.txt", "s1.2/a/b.txt"]
    assert [path.read_text() for path in written] == ["sha256:1", "sha256:2"]


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a/../../outside"])
def test_a_name_cannot_lead_out(name: str, tmp_path: Path) -> None:
    """A name that leads out of its directory is refused, and nothing is written."""
    directory = tmp_path / "fetched"
    with pytest.raises(BadInputError, match="outside"):
        fetch_artifacts(StoredBlobs(), [("s1", 1, Artifact(name=name, digest="sha256:0", size=1))], directory)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
