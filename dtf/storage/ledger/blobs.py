"""Content-addressed files in pieces, over the ledger's tables."""

import hashlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.errors import BadInputError, LedgerUnavailableError, UnknownRecordError
from dtf.domain.ports.blobs import Blobs
from dtf.storage.database import Database, now
from dtf.storage.ledger.service_schema import blob_chunks, blobs
from dtf.storage.ledger.upsert import insert_ignoring

#: Bytes in a piece: small enough that no transaction holds SQLite's one writer for long.
CHUNK = 2**20


class LedgerBlobs(Blobs):
    """Keeps files in the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, path: Path) -> str:
        """Store a file and return ``sha256:<hex>``; storing it again changes nothing.

        Raises:
            BadInputError: The file changed meanwhile.
            LedgerUnavailableError: It was not stored.
        """
        with path.open("rb") as file:
            digest, sizes, sums = _digest(file)
            if self.has(digest):
                return digest
            file.seek(0)
            for sequence, data in enumerate(_pieces(file)):
                # each piece is checked: under its digest there is never another content, not even for a while
                if sequence >= len(sums) or hashlib.sha256(data).digest() != sums[sequence]:
                    raise BadInputError(f"{path} changed while it was stored")
                self._put_piece(digest, sequence, data)
        values = {"digest": digest, "size": sum(sizes), "created_at": now()}
        self._database.write(lambda connection: insert_ignoring(connection, blobs, ["digest"], values))
        return digest

    def _put_piece(self, digest: str, sequence: int, data: bytes) -> None:
        values = {"digest": digest, "sequence": sequence, "data": data}
        key = ["digest", "sequence"]
        self._database.write(lambda connection: insert_ignoring(connection, blob_chunks, key, values))

    def fetch(self, digest: str, destination: Path) -> None:
        """Write the content to a new file, verified against its digest.

        Raises:
            UnknownRecordError: There is no such blob.
            LedgerUnavailableError: What is stored is not what the digest says.
        """
        pieces = self.pieces(digest)
        first = next(pieces, b"")  # before there is a file: an unknown blob leaves none
        with destination.open("xb") as file:
            try:
                for data in chain((first,), pieces):
                    file.write(data)
            except LedgerUnavailableError:
                destination.unlink()
                raise

    def pieces(self, digest: str) -> Iterator[bytes]:
        """The content piece by piece, the last one only when all of it was verified against the digest."""
        if not self.has(digest):
            raise UnknownRecordError(f"there is no blob {digest}")
        state, sequence, last = hashlib.sha256(), 0, b""
        while data := self._piece(digest, sequence):
            state.update(data)
            if last:
                yield last
            last, sequence = data, sequence + 1
        if f"sha256:{state.hexdigest()}" != digest:
            raise LedgerUnavailableError(f"blob {digest} is damaged in the database")
        if last:
            yield last

    def _piece(self, digest: str, sequence: int) -> bytes | None:
        wanted = sa.select(blob_chunks.c.data).where(blob_chunks.c.digest == digest, blob_chunks.c.sequence == sequence)

        def work(connection: Connection) -> bytes | None:
            data = connection.scalar(wanted)
            return None if data is None else bytes(data)

        return self._database.read(work)

    def has(self, digest: str) -> bool:
        """Whether it is stored."""
        wanted = sa.select(blobs.c.size).where(blobs.c.digest == digest)
        return self._database.read(lambda connection: connection.scalar(wanted)) is not None


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while data := file.read(CHUNK):
        yield data


def _digest(file: BinaryIO) -> tuple[str, list[int], list[bytes]]:
    state, sizes, sums = hashlib.sha256(), [], []
    for data in _pieces(file):
        state.update(data)
        sizes.append(len(data))
        sums.append(hashlib.sha256(data).digest())
    return f"sha256:{state.hexdigest()}", sizes, sums
