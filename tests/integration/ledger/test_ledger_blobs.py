from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from dtf.domain.errors import BadInputError, LedgerUnavailableError, UnknownRecordError
from dtf.storage.ledger import Ledger, blobs
from dtf.storage.ledger.service_schema import blob_chunks


@pytest.mark.parametrize("size", [0, 1, blobs.CHUNK, 2 * blobs.CHUNK + 17])
def test_blob_comes_back(ledger: Ledger, tmp_path: Path, size: int) -> None:
    """What was stored comes back byte by byte, whatever its size; storing it again gives the same name."""
    path = tmp_path / "in"
    path.write_bytes(bytes(range(256)) * (size // 256) + b"\0" * (size % 256))
    digest = ledger.blobs.put(path)
    assert ledger.blobs.put(path) == digest
    assert ledger.blobs.has(digest)
    ledger.blobs.fetch(digest, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == path.read_bytes()


def test_same_blob_from_many_at_once(ledger: Ledger, tmp_path: Path) -> None:
    """Workers that store the same file at the same moment do not disturb each other."""
    path = tmp_path / "in"
    path.write_bytes(b"x" * (blobs.CHUNK + 1))
    with ThreadPoolExecutor(8) as pool:
        digests = set(pool.map(ledger.blobs.put, [path] * 8))
    assert len(digests) == 1
    ledger.blobs.fetch(digests.pop(), tmp_path / "out")


def test_unknown_blob(ledger: Ledger, tmp_path: Path) -> None:
    """A blob that is not there leaves no file behind."""
    assert not ledger.blobs.has("sha256:0")
    with pytest.raises(UnknownRecordError, match="sha256:0"):
        ledger.blobs.fetch("sha256:0", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_damaged_blob_is_found_out(ledger: Ledger, tmp_path: Path) -> None:
    """Content that is not what its digest says is not handed out."""
    path = tmp_path / "in"
    path.write_bytes(b"right")
    digest = ledger.blobs.put(path)
    damage = sa.update(blob_chunks).values(data=b"wrong")
    ledger.database.write(lambda connection: connection.execute(damage))
    with pytest.raises(LedgerUnavailableError, match="damaged"):
        ledger.blobs.fetch(digest, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_file_that_changes_meanwhile_is_refused(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is written to while it is stored never gets under a digest that is not its own."""
    path = tmp_path / "in"
    path.write_bytes(b"before")
    has = ledger.blobs.has

    def change(digest: str) -> bool:
        path.write_bytes(b"after!")
        return has(digest)

    monkeypatch.setattr(ledger.blobs, "has", change)
    with pytest.raises(BadInputError, match="changed"):
        ledger.blobs.put(path)
    monkeypatch.undo()
    path.write_bytes(b"before")
    ledger.blobs.fetch(ledger.blobs.put(path), tmp_path / "out")


def test_the_last_piece_of_a_damaged_blob_is_held_back(ledger: Ledger, tmp_path: Path) -> None:
    """Who takes a blob piece by piece never has all of what is not what its digest says."""
    path = tmp_path / "in"
    path.write_bytes(b"x" * (2 * blobs.CHUNK + 1))
    digest = ledger.blobs.put(path)
    assert [len(data) for data in ledger.blobs.pieces(digest)] == [blobs.CHUNK, blobs.CHUNK, 1]
    damage = sa.update(blob_chunks).where(blob_chunks.c.sequence == 1).values(data=b"wrong")
    ledger.database.write(lambda connection: connection.execute(damage))
    pieces = ledger.blobs.pieces(digest)
    assert [len(next(pieces)) for _ in range(2)] == [blobs.CHUNK, 5]
    with pytest.raises(LedgerUnavailableError, match="damaged"):
        next(pieces)
    with pytest.raises(UnknownRecordError):
        next(ledger.blobs.pieces("sha256:0"))
